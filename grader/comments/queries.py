from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from grader.db.models import SubmissionComment


def of_submission(session: Session, submission_id: str) -> list[SubmissionComment]:
    """Its comments with their authors, oldest first, without those that were taken back."""
    query = (
        select(SubmissionComment)
        .where(SubmissionComment.submission_id == submission_id, SubmissionComment.removed_at.is_(None))
        .options(joinedload(SubmissionComment.author))
        .order_by(SubmissionComment.created_at, SubmissionComment.id)
    )
    return list(session.scalars(query))


def lock(session: Session, comment_id: str, submission_id: str) -> SubmissionComment | None:
    query = select(SubmissionComment).where(
        SubmissionComment.id == comment_id, SubmissionComment.submission_id == submission_id
    )
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))
