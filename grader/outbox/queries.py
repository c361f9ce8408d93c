from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from grader.db.models import Assignment, OutboxMessage, QueuePause, Run, RunStatus, Submission
from grader.outbox.kinds import RUN_JOB


def claimable_jobs(session: Session, now: datetime, only: Sequence[str] | None, limit: int) -> list[OutboxMessage]:
    """Job rows that are due, oldest first, locked; rows that another dispatcher holds are passed over.

    Those of a paused queue stay where they are.
    """
    query = (
        select(OutboxMessage)
        .where(OutboxMessage.kind == RUN_JOB, OutboxMessage.dispatched_at.is_(None), OutboxMessage.next_try_at <= now)
        .order_by(OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    paused = list(session.scalars(select(QueuePause.queue)))
    if paused:
        held = select(Run.id).where(Run.queue.in_(paused), Run.status == RunStatus.QUEUED)
        query = query.where(OutboxMessage.subject_id.not_in(held))
    if only is not None:
        query = query.where(OutboxMessage.id.in_(only))
    return list(session.scalars(query))


def runs_to_send(session: Session, run_ids: Sequence[str]) -> dict[str, Run]:
    """Those of the runs that still wait for a worker, with all that a job message says."""
    query = (
        select(Run)
        .where(Run.id.in_(run_ids), Run.status == RunStatus.QUEUED)
        .options(
            joinedload(Run.submission).joinedload(Submission.assignment).lazyload(Assignment.course),
            joinedload(Run.version),
        )
    )
    return {run.id: run for run in session.scalars(query)}


def mark_sent(session: Session, message_ids: Sequence[str], run_ids: Sequence[str], now: datetime) -> None:
    session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(message_ids)).values(dispatched_at=now))
    session.execute(update(Run).where(Run.id.in_(run_ids)).values(dispatched_at=now, dispatches=Run.dispatches + 1))


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
