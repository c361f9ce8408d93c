from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.db.models import OutboxMessage
from grader.outbox.kinds import RUN_JOB


def waiting_job_of(session: Session, run_id: str) -> OutboxMessage | None:
    """The run's job row that has not been sent."""
    query = select(OutboxMessage).where(
        OutboxMessage.subject_id == run_id, OutboxMessage.kind == RUN_JOB, OutboxMessage.dispatched_at.is_(None)
    )
    return session.scalar(query)


def events(session: Session, *kinds: str, limit: int = 100) -> list[OutboxMessage]:
    """Rows of these kinds that have not been sent, oldest first."""
    query = (
        select(OutboxMessage)
        .where(OutboxMessage.kind.in_(kinds), OutboxMessage.dispatched_at.is_(None))
        .order_by(OutboxMessage.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def claimable_events(session: Session, kinds: Sequence[str], limit: int) -> list[OutboxMessage]:
    """The same, locked; rows that another recorder holds are passed over."""
    query = (
        select(OutboxMessage)
        .where(OutboxMessage.kind.in_(kinds), OutboxMessage.dispatched_at.is_(None))
        .order_by(OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(query))
