from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from grader.db.models import Assignment, RegradeRequest, RegradeStatus, Submission


def get(session: Session, request_id: str, course_id: str) -> RegradeRequest | None:
    """A request of the course, with its submission, student, assignment and whoever replied."""
    query = (
        select(RegradeRequest)
        .join(RegradeRequest.submission)
        .join(Submission.assignment)
        .where(RegradeRequest.id == request_id, Assignment.course_id == course_id)
        .options(
            contains_eager(RegradeRequest.submission).options(
                contains_eager(Submission.assignment), joinedload(Submission.student)
            ),
            joinedload(RegradeRequest.replier),
        )
    )
    return session.scalar(query)


def lock(session: Session, request_id: str) -> RegradeRequest | None:
    query = select(RegradeRequest).where(RegradeRequest.id == request_id).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def of_course(
    session: Session, course_id: str, *, only_open: bool, limit: int, offset: int = 0
) -> list[RegradeRequest]:
    """Open ones oldest first; all of them newest first."""
    query = (
        select(RegradeRequest)
        .join(RegradeRequest.submission)
        .join(Submission.assignment)
        .where(Assignment.course_id == course_id)
        .options(
            contains_eager(RegradeRequest.submission).options(
                contains_eager(Submission.assignment), joinedload(Submission.student)
            ),
            joinedload(RegradeRequest.replier),
        )
        .limit(limit)
        .offset(offset)
    )
    if only_open:
        query = query.where(RegradeRequest.status == RegradeStatus.OPEN).order_by(RegradeRequest.created_at)
    else:
        query = query.order_by(RegradeRequest.created_at.desc())
    return list(session.scalars(query))


def open_count(session: Session, course_id: str) -> int:
    query = (
        select(func.count())
        .select_from(RegradeRequest)
        .join(RegradeRequest.submission)
        .join(Submission.assignment)
        .where(Assignment.course_id == course_id, RegradeRequest.status == RegradeStatus.OPEN)
    )
    return session.scalar(query) or 0


def of_submission(session: Session, submission_id: str) -> list[RegradeRequest]:
    query = (
        select(RegradeRequest)
        .where(RegradeRequest.submission_id == submission_id)
        .options(joinedload(RegradeRequest.replier))
        .order_by(RegradeRequest.created_at.desc())
    )
    return list(session.scalars(query))


def open_for(session: Session, submission_id: str, key: str) -> RegradeRequest | None:
    query = select(RegradeRequest).where(
        RegradeRequest.submission_id == submission_id,
        RegradeRequest.check_key == key,
        RegradeRequest.status == RegradeStatus.OPEN,
    )
    return session.scalar(query)
