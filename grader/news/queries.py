"""What happened to a student's work after a moment; each reads at most MOST rows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from grader.db.models import AuditEntry, Extension, Grade, RegradeRequest, RegradeStatus, Submission, SubmissionComment

MOST = 100
ANSWERED = (RegradeStatus.CHANGED, RegradeStatus.KEPT)


def grade_changes(
    session: Session, student_id: str, assignment_ids: Collection[str], since: datetime
) -> list[tuple[str, AuditEntry]]:
    """(assignment's id, entry), oldest first of the newest."""
    query = (
        select(Grade.assignment_id, AuditEntry)
        .join(AuditEntry, AuditEntry.object_id == Grade.id)
        .where(
            Grade.student_id == student_id,
            Grade.assignment_id.in_(assignment_ids),
            AuditEntry.object_type == "grade",
            AuditEntry.action == "grade.changed",
            AuditEntry.at > since,
        )
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(MOST)
    )
    return [(assignment_id, entry) for assignment_id, entry in session.execute(query)][::-1]


def assignment_changes(session: Session, assignment_ids: Collection[str], since: datetime) -> list[AuditEntry]:
    """Changed dates and released grades, oldest first of the newest."""
    query = (
        select(AuditEntry)
        .where(
            AuditEntry.object_type == "assignment",
            AuditEntry.object_id.in_(assignment_ids),
            AuditEntry.action.in_(("policy.changed", "grades.released")),
            AuditEntry.at > since,
        )
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(MOST)
    )
    return list(session.scalars(query))[::-1]


def extensions(
    session: Session, student_ids: Collection[str], assignment_ids: Collection[str], since: datetime
) -> list[Extension]:
    query = select(Extension).where(
        Extension.student_id.in_(student_ids), Extension.assignment_id.in_(assignment_ids), Extension.updated_at > since
    )
    return list(session.scalars(query))


def comments(
    session: Session, mine: ColumnElement[bool], assignment_ids: Collection[str], since: datetime
) -> list[tuple[SubmissionComment, Submission]]:
    """Written or changed, newest first. `mine`: grader.groups.queries.counts_for."""
    written = func.coalesce(SubmissionComment.edited_at, SubmissionComment.created_at)
    query = (
        select(SubmissionComment, Submission)
        .join(Submission, Submission.id == SubmissionComment.submission_id)
        .where(
            mine,
            Submission.assignment_id.in_(assignment_ids),
            SubmissionComment.removed_at.is_(None),
            or_(SubmissionComment.created_at > since, SubmissionComment.edited_at > since),
        )
        .order_by(written.desc())
        .limit(MOST)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def replies(
    session: Session, mine: ColumnElement[bool], assignment_ids: Collection[str], since: datetime
) -> list[tuple[RegradeRequest, Submission]]:
    query = (
        select(RegradeRequest, Submission)
        .join(Submission, Submission.id == RegradeRequest.submission_id)
        .where(
            mine,
            Submission.assignment_id.in_(assignment_ids),
            RegradeRequest.status.in_(ANSWERED),
            RegradeRequest.replied_at > since,
        )
        .order_by(RegradeRequest.replied_at.desc())
        .limit(MOST)
    )
    return [(row[0], row[1]) for row in session.execute(query)]
