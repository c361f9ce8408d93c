from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from grader.db.models import (
    Assignment,
    AuditEntry,
    Blob,
    OutboxMessage,
    QueuePause,
    Run,
    RunStatus,
    Submission,
    SubmissionStatus,
)
from worker.contract import Queue


@dataclass(frozen=True)
class AuditFilter:
    """All that is given must hold. `text` is part of the actor, the object's id or its type."""

    text: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class StorageUse:
    handed_in: tuple[int, int]  # files, bytes
    executed: tuple[int, int]
    all_blobs: tuple[int, int]
    owed: int  # rows of the outbox that are still to be sent


def pauses(session: Session) -> dict[Queue, QueuePause]:
    query = select(QueuePause).options(joinedload(QueuePause.by))
    return {pause.queue: pause for pause in session.scalars(query)}


def held_back(session: Session) -> dict[Queue, int]:
    """Runs of each queue that wait and were never handed to the broker."""
    query = (
        select(Run.queue, func.count())
        .where(Run.status == RunStatus.QUEUED, Run.dispatched_at.is_(None))
        .group_by(Run.queue)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def failed(session: Session, *, limit: int = 100) -> list[Submission]:
    """Submissions whose grading failed and that have no result, newest first, with their runs."""
    query = (
        select(Submission)
        .where(Submission.status == SubmissionStatus.FAILED)
        .options(
            joinedload(Submission.student),
            joinedload(Submission.assignment).joinedload(Assignment.course),
            joinedload(Submission.runs),
        )
        .order_by(Submission.created_at.desc())
        .limit(limit)
    )
    return list(session.scalars(query).unique())


def failed_count(session: Session) -> int:
    query = select(func.count()).select_from(Submission).where(Submission.status == SubmissionStatus.FAILED)
    return session.scalar(query) or 0


def failed_ids(session: Session) -> tuple[list[str], int]:
    """Those that may be run again all at once, oldest first, and how many others have no file any more.

    What is in quarantine is released one by one.
    """
    failed = (Submission.status == SubmissionStatus.FAILED, Submission.quarantined_at.is_(None))
    query = (
        select(Submission.id, Blob.removed_at)
        .join(Blob, Blob.digest == Submission.digest)
        .where(*failed)
        .order_by(Submission.created_at, Submission.id)
    )
    found = session.execute(query).all()
    ids = [submission_id for submission_id, removed_at in found if removed_at is None]
    return ids, len(found) - len(ids)


def storage_use(session: Session) -> StorageUse:
    handed_in = select(Submission.digest)
    executed = select(Run.executed_digest).where(Run.executed_digest.is_not(None))
    sums = select(func.count(), func.coalesce(func.sum(Blob.size_bytes), 0))
    owed = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.dispatched_at.is_(None))

    def measured(query: object) -> tuple[int, int]:
        count, size = session.execute(query).one()  # type: ignore[call-overload]
        return int(count), int(size)

    return StorageUse(
        handed_in=measured(sums.where(Blob.digest.in_(handed_in))),
        executed=measured(sums.where(Blob.digest.in_(executed))),
        all_blobs=measured(sums),
        owed=session.scalar(owed) or 0,
    )


def audit_entries(session: Session, filters: AuditFilter, *, limit: int, offset: int) -> list[AuditEntry]:
    """Newest first."""
    query = select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit).offset(offset)
    if text := filters.text.strip():
        fields = (AuditEntry.actor, AuditEntry.object_id, AuditEntry.object_type)
        query = query.where(or_(*(field.icontains(text, autoescape=True) for field in fields)))
    if filters.action:
        query = query.where(AuditEntry.action.startswith(filters.action, autoescape=True))
    if filters.since is not None:
        query = query.where(AuditEntry.at >= filters.since)
    if filters.until is not None:
        query = query.where(AuditEntry.at < filters.until)
    return list(session.scalars(query))
