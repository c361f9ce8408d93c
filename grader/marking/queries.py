from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from grader.db.models import CheckResultRow, Enrolment, Grade, Mark, SecondMark, Submission, User
from worker.contract import Verdict


@dataclass(frozen=True)
class WorkItem:
    """One student's answer to a question: that of the submission that counts."""

    submission_id: str
    student_id: str
    student: str
    section: str
    run_id: str
    attempt: int
    points: float
    max_points: float
    verdict: Verdict
    mark_id: str | None
    marker_id: str | None
    marker: str | None
    marked_at: datetime | None
    revision: int

    @property
    def waits(self) -> bool:
        return self.mark_id is None

    @property
    def alias(self) -> str:
        """What an anonymous marker sees: the same for everybody, and nothing that tells who it is."""
        return f"Student {self.submission_id[-4:]}"


def work(session: Session, *, assignment_id: str, course_id: str, key: str, only: str | None = None) -> list[WorkItem]:
    """All answers to the question, in an order that has nothing to do with names or times."""
    query = _work(assignment_id, course_id, key).order_by(func.substr(Submission.id, 25))
    if only is not None:
        query = query.where(Submission.id == only)
    return [WorkItem(*row) for row in session.execute(query)]


def _work(assignment_id: str, course_id: str, key: str) -> Any:
    marker = aliased(User)
    row = CheckResultRow
    return (
        select(
            Submission.id, User.id, User.name, func.coalesce(Enrolment.section, ""), row.run_id, Submission.number,
            row.points, row.max_points, row.verdict, Mark.id, Mark.marker_id, marker.name, Mark.updated_at,
            func.coalesce(Mark.revision, 0),
        )
        .select_from(Submission)
        .join(User, User.id == Submission.student_id)
        .outerjoin(Enrolment, (Enrolment.user_id == User.id) & (Enrolment.course_id == course_id))
        .join(row, (row.run_id == Submission.counted_run_id) & (row.key == key))
        .outerjoin(Mark, (Mark.submission_id == Submission.id) & (Mark.check_key == key))
        .outerjoin(marker, marker.id == Mark.marker_id)
        .where(_that_count(assignment_id))
    )  # fmt: skip


def _that_count(assignment_id: str) -> ColumnElement[bool]:
    """Submissions that count for somebody; one of a group, which counts for several, is marked once."""
    return Submission.id.in_(select(Grade.submission_id).where(Grade.assignment_id == assignment_id))


def waiting_counts(session: Session, assignment_id: str, keys: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(answers, of which marked) for each question."""
    row = CheckResultRow
    query = (
        select(row.key, func.count(), func.count(Mark.id))
        .select_from(Submission)
        .join(row, row.run_id == Submission.counted_run_id)
        .outerjoin(Mark, (Mark.submission_id == Submission.id) & (Mark.check_key == row.key))
        .where(_that_count(assignment_id), row.key.in_(keys))
        .group_by(row.key)
    )
    return {key: (total, marked) for key, total, marked in session.execute(query)}


def markers(session: Session, assignment_id: str) -> list[tuple[str, str, int]]:
    """(question, name, marks) of everybody who marked."""
    query = (
        select(Mark.check_key, User.name, func.count())
        .join(User, User.id == Mark.marker_id)
        .join(Submission, Submission.id == Mark.submission_id)
        .where(Submission.assignment_id == assignment_id)
        .group_by(Mark.check_key, User.name)
        .order_by(Mark.check_key, func.count().desc(), User.name)
    )
    return [(key, name, count) for key, name, count in session.execute(query)]


def mark_of(session: Session, submission_id: str, key: str) -> Mark | None:
    query = select(Mark).where(Mark.submission_id == submission_id, Mark.check_key == key)
    return session.scalar(query.execution_options(populate_existing=True))


def check_row(session: Session, run_id: str, key: str) -> CheckResultRow | None:
    return session.scalar(select(CheckResultRow).where(CheckResultRow.run_id == run_id, CheckResultRow.key == key))


def second_marks(session: Session, mark_ids: Sequence[str]) -> dict[str, list[SecondMark]]:
    found: dict[str, list[SecondMark]] = {}
    query = select(SecondMark).where(SecondMark.mark_id.in_(mark_ids)).order_by(SecondMark.created_at)
    for second in session.scalars(query):
        found.setdefault(second.mark_id, []).append(second)
    return found


def second_mark(session: Session, mark_id: str, marker_id: str) -> SecondMark | None:
    return session.scalar(select(SecondMark).where(SecondMark.mark_id == mark_id, SecondMark.marker_id == marker_id))
