"""The table of a course's grades: students by assignments, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from grader.audit import queries as audit
from grader.courses import queries as courses
from grader.db.models import (
    Assignment,
    AuditEntry,
    Enrolment,
    Extension,
    Grade,
    Role,
    Submission,
    SubmissionStatus,
    User,
)

WAITING = (SubmissionStatus.QUEUED, SubmissionStatus.RUNNING)
PEOPLE_SORTS = ("name", "email", "section", "total")


@dataclass(frozen=True)
class GradebookFilter:
    """`sort` is one of PEOPLE_SORTS or an assignment's slug."""

    section: str | None = None  # None: all; "": those without one
    text: str = ""
    sort: str = "name"
    descending: bool = False


@dataclass(frozen=True)
class Column:
    id: str
    slug: str
    title: str
    max_score: float
    due_at: datetime | None
    hidden: bool


@dataclass(frozen=True)
class Cell:
    """What a student has for an assignment. `handed_in` counts submissions, `waiting` those not graded yet."""

    score: float | None = None
    max_score: float | None = None
    overridden: bool = False
    excused: bool = False
    kept_share: float = 1.0
    note: str = ""
    revision: int = 0
    handed_in: int = 0
    waiting: int = 0


NOTHING = Cell()


@dataclass(frozen=True)
class Row:
    student: User
    section: str
    cells: tuple[Cell, ...]  # in the order of the columns

    @property
    def total(self) -> tuple[float, float]:
        """Points, and most points of what does count for this student."""
        scored = [cell for cell in self.cells if cell.score is not None]
        return sum(c.score or 0.0 for c in scored), sum(c.max_score or 0.0 for c in scored)


@dataclass(frozen=True)
class Gradebook:
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: int  # students on all pages
    sections: tuple[str, ...]


def gradebook(
    session: Session, course_id: str, filters: GradebookFilter, *, limit: int | None = 50, offset: int = 0
) -> Gradebook:
    """A page of the table; the number of queries does not grow with it."""
    columns = columns_of(session, course_id)
    query = _students(course_id, filters)
    total = session.scalar(query.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    query = _sorted(query, course_id, filters, columns).limit(limit).offset(offset)
    people = [(user, section) for user, section in session.execute(query)]
    cells = _cells(session, [c.id for c in columns], [user.id for user, _ in people] if limit else None)
    rows = tuple(
        Row(user, section, tuple(cells.get((user.id, column.id), NOTHING) for column in columns))
        for user, section in people
    )
    return Gradebook(columns, rows, total, sections_of(session, course_id))


def columns_of(session: Session, course_id: str) -> tuple[Column, ...]:
    found = courses.assignments_of(session, course_id, published_only=False)
    versions = courses.current_versions(session, [assignment.id for assignment in found])
    return tuple(
        Column(a.id, a.slug, a.title, versions[a.id].max_score, a.due_at, a.grades_hidden)
        for a in found
        if a.id in versions
    )


def sections_of(session: Session, course_id: str) -> tuple[str, ...]:
    query = (
        select(Enrolment.section)
        .where(Enrolment.course_id == course_id, Enrolment.role == Role.STUDENT, Enrolment.section != "")
        .distinct()
        .order_by(Enrolment.section)
    )
    return tuple(session.scalars(query))


def cell_of(session: Session, *, assignment: Assignment, student_id: str) -> Cell:
    return _cells(session, [assignment.id], [student_id]).get((student_id, assignment.id), NOTHING)


def history_of(session: Session, *, assignment: Assignment, student_id: str) -> list[AuditEntry]:
    """Everything that people and the service did to one cell, newest first."""
    ids = select(Grade.id).where(Grade.assignment_id == assignment.id, Grade.student_id == student_id)
    own = select(Extension.id).where(Extension.assignment_id == assignment.id, Extension.student_id == student_id)
    entries = [
        entry
        for kind, found in (("grade", session.scalar(ids)), ("extension", session.scalar(own)))
        if found
        for entry in audit.entries_for(session, kind, found)
    ]
    return sorted(entries, key=lambda entry: (entry.at, entry.id), reverse=True)


def _students(course_id: str, filters: GradebookFilter) -> Select[User, str]:
    query = (
        select(User, Enrolment.section)
        .join(Enrolment, Enrolment.user_id == User.id)
        .where(Enrolment.course_id == course_id, Enrolment.role == Role.STUDENT)
    )
    if filters.section is not None:
        query = query.where(Enrolment.section == filters.section)
    if text := filters.text.strip():
        fields = (User.name, User.email)
        query = query.where(or_(*(field.icontains(text, autoescape=True) for field in fields)))
    return query


def _sorted(
    query: Select[User, str], course_id: str, filters: GradebookFilter, columns: Sequence[Column]
) -> Select[User, str]:
    key: ColumnElement[Any] | Any = {"email": User.email, "section": Enrolment.section}.get(filters.sort, User.name)
    wanted = next((column for column in columns if column.slug == filters.sort), None)
    if filters.sort == "total":
        totals = (
            select(Grade.student_id, func.sum(Grade.score).label("total"))
            .join(Assignment, Assignment.id == Grade.assignment_id)
            .where(Assignment.course_id == course_id)
            .group_by(Grade.student_id)
            .subquery()
        )
        query, key = query.outerjoin(totals, totals.c.student_id == User.id), totals.c.total
    elif wanted is not None:
        grade = aliased(Grade)
        query = query.outerjoin(grade, and_(grade.student_id == User.id, grade.assignment_id == wanted.id))
        key = grade.score
    order = (key.desc() if filters.descending else key.asc()).nulls_last()
    return query.order_by(order, User.name, User.email)


def _cells(
    session: Session, assignment_ids: Sequence[str], student_ids: Sequence[str] | None
) -> dict[tuple[str, str], Cell]:
    """By (student's id, assignment's id); `student_ids` None: of all students."""
    counts = _handed_in(session, assignment_ids, student_ids)
    query = select(Grade).where(Grade.assignment_id.in_(assignment_ids))
    if student_ids is not None:
        query = query.where(Grade.student_id.in_(student_ids))
    cells: dict[tuple[str, str], Cell] = {}
    for grade in session.scalars(query):
        key = (grade.student_id, grade.assignment_id)
        handed_in, waiting = counts.pop(key, (0, 0))
        cells[key] = Cell(
            score=grade.score,
            max_score=grade.max_score,
            overridden=grade.override_score is not None,
            excused=grade.excused,
            kept_share=grade.kept_share,
            note=grade.note,
            revision=grade.revision,
            handed_in=handed_in,
            waiting=waiting,
        )
    cells.update({key: Cell(handed_in=n, waiting=waiting) for key, (n, waiting) in counts.items()})
    return cells


def _handed_in(
    session: Session, assignment_ids: Sequence[str], student_ids: Sequence[str] | None
) -> dict[tuple[str, str], tuple[int, int]]:
    waiting = func.count().filter(Submission.status.in_(WAITING))
    query = (
        select(Submission.student_id, Submission.assignment_id, func.count(), waiting)
        .where(Submission.assignment_id.in_(assignment_ids))
        .group_by(Submission.student_id, Submission.assignment_id)
    )
    if student_ids is not None:
        query = query.where(Submission.student_id.in_(student_ids))
    return {(student, assignment): (n, w) for student, assignment, n, w in session.execute(query)}
