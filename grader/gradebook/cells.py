"""The cells of the gradebook: what a student has for an assignment. A fixed number of queries, however many cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.db.models import Grade, Submission, SubmissionMember, SubmissionStatus
from grader.gradebook.totals import Result
from grader.policies.terms import Allowance, own_due

WAITING = (SubmissionStatus.QUEUED, SubmissionStatus.RUNNING)


@dataclass(frozen=True)
class Column:
    id: str
    slug: str
    title: str
    max_score: float
    due_at: datetime | None
    hidden: bool
    published: bool
    weight: float


@dataclass(frozen=True, slots=True)
class Cell:
    """What a student has for an assignment. `handed_in` counts submissions, `waiting` those not graded yet, `failed`
    those that could not be graded through a fault of ours."""

    score: float | None = None
    max_score: float | None = None
    overridden: bool = False
    excused: bool = False
    kept_share: float = 1.0
    note: str = ""
    revision: int = 0
    handed_in: int = 0
    waiting: int = 0
    failed: int = 0


NOTHING = Cell()
Key = tuple[str, str]  # a student's id, an assignment's id


def cells_of(
    session: Session, assignment_ids: Sequence[str], student_ids: Sequence[str] | None = None
) -> dict[Key, Cell]:
    """The cells that have anything in them; `student_ids` None: of all students."""
    counts = handed_in(session, assignment_ids, student_ids)
    query = select(
        Grade.student_id, Grade.assignment_id, Grade.score, Grade.max_score, Grade.override_score.is_not(None),
        Grade.excused, Grade.kept_share, Grade.note, Grade.revision,
    ).where(Grade.assignment_id.in_(assignment_ids))  # fmt: skip
    if student_ids is not None:
        query = query.where(Grade.student_id.in_(student_ids))
    cells: dict[Key, Cell] = {}
    for student, assignment, score, most, overridden, excused, kept, note, revision in session.execute(query):
        key = (student, assignment)
        handed = counts.pop(key, (0, 0, 0))
        cells[key] = Cell(score, most, overridden, excused, kept, note, revision, *handed)
    cells.update({key: Cell(handed_in=n, waiting=w, failed=f) for key, (n, w, f) in counts.items()})
    return cells


def result_of(column: Column, cell: Cell, allowance: Allowance | None, *, weighted: bool, now: datetime) -> Result:
    """The cell as a part of the course total."""
    return Result(
        weight=weight_of(column, weighted=weighted),
        share=share_of(column, cell.score, cell.max_score),
        excused=cell.excused,
        waiting=cell.waiting + cell.failed > 0,
        overdue=is_overdue(column, allowance, now),
    )


def weight_of(column: Column, *, weighted: bool) -> float:
    return column.weight if weighted else column.max_score


def share_of(column: Column, score: float | None, max_score: float | None) -> float | None:
    most = max_score or column.max_score
    return score / most if score is not None and most else None


def is_overdue(column: Column, allowance: Allowance | None, now: datetime) -> bool:
    due = own_due(column.due_at, allowance)
    return column.published and due is not None and now > due


def handed_in(
    session: Session,
    assignment_ids: Sequence[str],
    student_ids: Sequence[str] | None = None,
    *,
    unfinished: bool = False,
) -> dict[Key, tuple[int, int, int]]:
    """How many, how many of them not graded yet, and how many not gradable, by whom it counts for: what a student
    handed in, and what others of the group did. `unfinished`: those alone that are not graded."""
    found: dict[Key, tuple[int, int, int]] = {}
    waiting = func.count().filter(Submission.status.in_(WAITING))
    failed = func.count().filter(Submission.status == SubmissionStatus.FAILED)
    own, others = Submission.student_id, SubmissionMember.student_id
    for student in (own, others):
        query = select(student, Submission.assignment_id, func.count(), waiting, failed).where(
            Submission.assignment_id.in_(assignment_ids)
        )
        if unfinished:
            query = query.where(Submission.status.in_((*WAITING, SubmissionStatus.FAILED)))
        if student is others:
            query = query.join(SubmissionMember, SubmissionMember.submission_id == Submission.id)
        if student_ids is not None:
            query = query.where(student.in_(student_ids))
        for who, assignment, *counts in session.execute(query.group_by(student, Submission.assignment_id)):
            before = found.get((who, assignment), (0, 0, 0))
            found[who, assignment] = (before[0] + counts[0], before[1] + counts[1], before[2] + counts[2])
    return found
