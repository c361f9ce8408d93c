"""The table of a course's grades: students by assignments, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from grader.audit import queries as audit
from grader.courses import queries as courses
from grader.db.models import Assignment, AuditEntry, Course, Enrolment, Extension, Grade, Role, User
from grader.gradebook import ordering
from grader.gradebook.cells import NOTHING, Cell, Column, Key, cells_of, result_of
from grader.gradebook.ordering import allowances_for
from grader.gradebook.total_rules import rule_of
from grader.gradebook.totals import CourseTotal, course_total
from grader.time import utc_now

PEOPLE_SORTS = ("name", "email", "section", "total")


@dataclass(frozen=True)
class GradebookFilter:
    """`sort` is one of PEOPLE_SORTS or an assignment's slug."""

    section: str | None = None  # None: all; "": those without one
    text: str = ""
    sort: str = "name"
    descending: bool = False


@dataclass(frozen=True)
class Row:
    student: User
    section: str
    cells: tuple[Cell, ...]  # in the order of the columns
    total: CourseTotal  # its parts in the order of the columns

    @property
    def points(self) -> tuple[float, float]:
        """The sum of all points, and of the most points of what has a score."""
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
    query = _sorted(query, filters, columns)
    if filters.sort == "total":  # which the database cannot tell: everybody's is worked out
        everybody = list(session.scalars(query.with_only_columns(User.id, maintain_column_froms=True)))
        ids = ordering.by_total(session, course_id, columns, everybody, descending=filters.descending)[offset:][:limit]
        found = {user.id: (user, section) for user, section in session.execute(query.where(User.id.in_(ids)))}
        people = [found[user_id] for user_id in ids]
    else:
        people = [(user, section) for user, section in session.execute(query.limit(limit).offset(offset))]
    cells = cells_of(session, [c.id for c in columns], None if limit is None else [user.id for user, _ in people])
    rows = _rows(session, course_id, columns, people, cells)
    return Gradebook(columns, tuple(rows), total, sections_of(session, course_id))


def student_row(session: Session, course_id: str, student: User, columns: Sequence[Column]) -> Row:
    """One student's row over these columns."""
    cells = cells_of(session, [column.id for column in columns], [student.id])
    return _rows(session, course_id, columns, [(student, "")], cells)[0]


def students_of(session: Session, course_id: str, filters: GradebookFilter) -> list[User]:
    """All students that the filter finds, on whatever page, by name."""
    query = _students(course_id, filters).order_by(User.name, User.email)
    return [user for user, _ in session.execute(query)]


def columns_of(session: Session, course_id: str) -> tuple[Column, ...]:
    found = courses.assignments_of(session, course_id, published_only=False)
    versions = courses.current_versions(session, [assignment.id for assignment in found])
    return tuple(
        Column(a.id, a.slug, a.title, versions[a.id].max_score, a.due_at, a.grades_hidden, a.published, a.weight)
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
    return cells_of(session, [assignment.id], [student_id]).get((student_id, assignment.id), NOTHING)


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


def _sorted(query: Select[User, str], filters: GradebookFilter, columns: Sequence[Column]) -> Select[User, str]:
    key: ColumnElement[Any] | Any = {"email": User.email, "section": Enrolment.section}.get(filters.sort, User.name)
    wanted = next((column for column in columns if column.slug == filters.sort), None)
    if wanted is not None:
        grade = aliased(Grade)
        query = query.outerjoin(grade, and_(grade.student_id == User.id, grade.assignment_id == wanted.id))
        key = grade.score
    descending = filters.descending and filters.sort != "total"
    order = (key.desc() if descending else key.asc()).nulls_last()
    return query.order_by(order, User.name, User.email)


def _rows(
    session: Session,
    course_id: str,
    columns: Sequence[Column],
    people: Sequence[tuple[User, str]],
    cells: Mapping[Key, Cell],
) -> list[Row]:
    rule, now = rule_of(session.get_one(Course, course_id)), utc_now()
    allowances = allowances_for(session, course_id, rule, people[0][0].id if len(people) == 1 else None)
    rows = []
    for user, section in people:
        own = tuple(cells.get((user.id, column.id), NOTHING) for column in columns)
        results = [
            result_of(column, cell, allowances.get((user.id, column.id)), weighted=rule.weighted, now=now)
            for column, cell in zip(columns, own, strict=True)
        ]
        rows.append(Row(user, section, own, course_total(rule, results)))
    return rows
