"""Grades from a file as overrides: first every difference is shown, then all are taken or none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import Assignment, Course, User
from grader.gradebook import overrides, table
from grader.gradebook.cells import NOTHING, Cell, Column, cells_of
from grader.gradebook.overrides import MOST_TIMES, Decision
from grader.gradebook.table import GradebookFilter
from grader.lms.files.errors import GradeFileRefused, GradesMovedOn
from grader.lms.files.reading import GradeFile, Line, Value, read_file, read_value

MOST_CHANGES = 3_000  # each is a decision with its own history, all in one transaction
SAME = 0.005  # points; platforms round to two digits


@dataclass(frozen=True)
class Change:
    """One cell that the file has otherwise."""

    line: int
    student: User
    column: Column
    cell: Cell
    value: Value

    @property
    def before(self) -> str:
        return "excused" if self.cell.excused else "nothing" if self.cell.score is None else f"{self.cell.score:g}"

    @property
    def after(self) -> str:
        return "excused" if self.value.excused else f"{self.value.score:g}"


@dataclass
class Preview:
    """What taking the file would do."""

    file: GradeFile
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    unknown: list[Line] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def mark(self) -> str:
        """Stands for exactly these differences: what was looked at is what is taken."""
        parts = [(c.student.id, c.column.id, c.cell.revision, c.before, c.after) for c in self.changes]
        parts += [("", line.who, line.number, "", "") for line in self.unknown]
        return sha256(json.dumps(parts).encode()).hexdigest()


def preview(session: Session, *, course: Course, data: bytes) -> Preview:
    """Raises GradeFileRefused where the file as a whole cannot be read. An empty cell changes nothing."""
    columns = table.columns_of(session, course.id)
    students = table.students_of(session, course.id, GradebookFilter())
    file = read_file(data, columns, students)
    cells = cells_of(session, [column.id for column in file.columns])
    found = Preview(file, problems=list(file.problems))
    for line in file.lines:
        if line.student is None:
            found.unknown.append(line)
        else:
            _compare(found, line, line.student, cells)
    if len(found.changes) > MOST_CHANGES:
        found.problems.append(f"{len(found.changes)} grades differ; at most {MOST_CHANGES} are taken at once.")
    return found


def apply(
    session: Session, *, course: Course, data: bytes, reason: str, mark: str, leave_out_unknown: bool, by: Actor
) -> int:
    """Take what `preview` showed under `mark`, as overrides with `reason`; tells how many grades were set.

    Raises GradeFileRefused, GradesMovedOn, InvalidGrade, EditConflict; then nothing is taken.
    """
    found = preview(session, course=course, data=data)
    if found.problems:
        raise GradeFileRefused(f"Nothing was taken. {found.problems[0]}")
    if found.unknown and not leave_out_unknown:
        raise GradeFileRefused(
            f"Nothing was taken: {len(found.unknown)} lines are about nobody in this course, the first is line "
            f"{found.unknown[0].number}. Leave them out, or add the people first."
        )
    if found.mark != mark:
        raise GradesMovedOn
    if not reason.strip():
        raise GradeFileRefused("Say in a few words why: students see it, and it is kept in the history.")
    for change in sorted(found.changes, key=lambda c: (c.student.id, c.column.id)):  # everybody locks in one order
        overrides.decide(
            session,
            assignment=session.get_one(Assignment, change.column.id),
            student=change.student,
            decision=Decision(change.value.score, change.value.excused, reason),
            expected=change.cell.revision,
            by=by,
        )
    after = {"origin": found.file.origin, "grades": len(found.changes), "left_out": len(found.unknown)}
    audit.record(session, by, "grades.imported", "course", course.id, after={**after, "reason": reason.strip()})
    return len(found.changes)


def _compare(found: Preview, line: Line, student: User, cells: Mapping[tuple[str, str], Cell]) -> None:
    for column, text in zip(found.file.columns, line.texts, strict=True):
        try:
            value = read_value(text)
        except ValueError:
            found.problems.append(f"Line {line.number}: {text[:40]!r} is no number of points ({column.title}).")
            continue
        if value == Value():
            continue
        most = MOST_TIMES * column.max_score
        if value.score is not None and not 0 <= value.score <= most:
            found.problems.append(
                f"Line {line.number}: {value.score:g} points are not between 0 and {most:g} ({column.title})."
            )
            continue
        cell = cells.get((student.id, column.id), NOTHING)
        if _same(cell, value):
            found.unchanged += 1
        else:
            found.changes.append(Change(line.number, student, column, cell, value))


def _same(cell: Cell, value: Value) -> bool:
    if cell.excused or value.excused:
        return cell.excused and value.excused
    return cell.score is not None and value.score is not None and abs(cell.score - value.score) < SAME
