from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from grader.db.models import (
    Assignment,
    CheckResultRow,
    Enrolment,
    LeaderboardEntry,
    Role,
    Run,
    Submission,
)


def best_measures(session: Session, assignment: Assignment, key: str, before: datetime) -> dict[str, float]:
    """By student: the least that the check `key` measured in a result that stands and was there `before`."""
    query = (
        select(Submission.student_id, func.min(CheckResultRow.measure))
        .join(Run, Run.id == Submission.counted_run_id)
        .join(CheckResultRow, CheckResultRow.run_id == Run.id)
        .join(Enrolment, (Enrolment.user_id == Submission.student_id) & (Enrolment.course_id == assignment.course_id))
        .where(
            Submission.assignment_id == assignment.id,
            CheckResultRow.key == key,
            CheckResultRow.measure.is_not(None),
            Run.finished_at < before,
            Enrolment.role == Role.STUDENT,
        )
        .group_by(Submission.student_id)
    )
    return {student: float(measure) for student, measure in session.execute(query) if measure is not None}


def entries(session: Session, assignment_id: str) -> list[LeaderboardEntry]:
    query = select(LeaderboardEntry).where(LeaderboardEntry.assignment_id == assignment_id)
    return list(session.scalars(query.options(joinedload(LeaderboardEntry.student))))


def entry_of(session: Session, *, assignment_id: str, student_id: str) -> LeaderboardEntry | None:
    return session.scalar(
        select(LeaderboardEntry).where(
            LeaderboardEntry.assignment_id == assignment_id, LeaderboardEntry.student_id == student_id
        )
    )


def entry(session: Session, *, assignment_id: str, entry_id: str) -> LeaderboardEntry | None:
    return session.scalar(
        select(LeaderboardEntry).where(LeaderboardEntry.assignment_id == assignment_id, LeaderboardEntry.id == entry_id)
    )
