from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session, joinedload

from grader.db.inserting import insert_or_ignore
from grader.db.models import (
    Assignment,
    Course,
    OutboxMessage,
    QueuePause,
    QueueState,
    Run,
    RunStatus,
    Submission,
)
from grader.outbox.kinds import RUN_JOB
from grader.queueing.terms import QueueTerms
from worker.contract import Queue

UNSEEN = {"synchronize_session": False}  # no object of these rows is at hand
HANDED_OUT = (RunStatus.QUEUED, RunStatus.RUNNING)


@dataclass(frozen=True)
class HandedOut:
    """Runs that were chosen: those that no worker has begun yet, and those under way."""

    sent: int
    running: int


def open_queues(session: Session) -> list[Queue]:
    """Those that no administrator holds back, in one order for everybody."""
    paused = set(session.scalars(select(QueuePause.queue)))
    return [queue for queue in Queue if queue not in paused]


def handed_out(session: Session, queue: Queue) -> HandedOut:
    query = (
        select(Run.status, func.count())
        .where(Run.queue == queue, Run.dispatched_at.is_not(None), Run.status.in_(HANDED_OUT))
        .group_by(Run.status)
    )
    counts = {row[0]: row[1] for row in session.execute(query)}
    return HandedOut(counts.get(RunStatus.QUEUED, 0), counts.get(RunStatus.RUNNING, 0))


def begun_since(session: Session, queue: Queue, since: datetime) -> int:
    """How many runs workers began."""
    query = select(func.count()).where(Run.queue == queue, Run.started_at > since)
    return session.scalar(query) or 0


def owes(session: Session, queue: Queue, now: datetime, *, ended: bool = False) -> bool:
    """Whether any job of the queue is due. `ended`: that of a run which is over counts, too."""
    query = (
        select(OutboxMessage.id)
        .join(Run, Run.id == OutboxMessage.subject_id)
        .where(*due(now), Run.queue == queue)
        .limit(1)
    )
    if not ended:
        query = query.where(Run.status == RunStatus.QUEUED)
    return session.scalar(query) is not None


def lock_state(session: Session, queue: Queue) -> QueueState:
    """The queue's row, locked until the transaction ends: whoever holds it is the one who picks."""
    insert_or_ignore(session, QueueState, {"queue": queue, "picks": 0, "clock": 0.0})
    query = select(QueueState).where(QueueState.queue == queue).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def close_ended(session: Session, queue: Queue, now: datetime) -> None:
    """Nothing is owed any more for a run that was superseded, or that an earlier message got done."""
    ended = select(Run.id).where(Run.id == OutboxMessage.subject_id, Run.queue == queue, Run.status != RunStatus.QUEUED)
    session.execute(
        update(OutboxMessage).where(*due(now), ended.exists()).values(dispatched_at=now),
        execution_options=UNSEEN,
    )


def sent_and_owed(session: Session, queue: Queue, now: datetime, limit: int) -> list[str]:
    """Rows that owe the job of a run that has its place already: its message did not get out, or was lost.

    Asked in two steps: those that have their place are few, whatever waits.
    """
    placed = select(Run.id).where(Run.queue == queue, Run.status == RunStatus.QUEUED, Run.dispatched_at.is_not(None))
    order = {run_id: place for place, run_id in enumerate(session.scalars(placed.order_by(Run.dispatched_at)))}
    query = select(OutboxMessage.id, OutboxMessage.subject_id).where(*due(now), OutboxMessage.subject_id.in_(order))
    rows = sorted((order[run_id], message_id) for message_id, run_id in session.execute(query))
    return [message_id for _, message_id in rows[:limit]]


def due(now: datetime) -> tuple[Any, ...]:
    """Of the outbox: jobs whose message is to go out now."""
    return OutboxMessage.kind == RUN_JOB, OutboxMessage.dispatched_at.is_(None), OutboxMessage.next_try_at <= now


def terms_of(session: Session, course_ids: Collection[str]) -> dict[str, QueueTerms]:
    query = select(Course.id, Course.queue_terms).where(Course.id.in_(course_ids))
    return {course_id: QueueTerms.of(kept) for course_id, kept in session.execute(query)}


def under_way_of(session: Session, queue: Queue, course_ids: Collection[str]) -> dict[str, int]:
    """How many runs of each of these courses were chosen and have not ended."""
    query = (
        select(Assignment.course_id, func.count())
        .select_from(Run)
        .join(Submission, Submission.id == Run.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .where(Run.queue == queue, Run.dispatched_at.is_not(None), Run.status.in_(HANDED_OUT))
        .where(Assignment.course_id.in_(course_ids))
        .group_by(Assignment.course_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def claim(session: Session, message_ids: Sequence[str], now: datetime, first_s: float, longest_s: float) -> None:
    """These rows are about to be sent; should we die on the way, they are due again after a while."""
    if not message_ids:
        return
    again_at, tries = {}, 0
    while first_s * 2**tries < longest_s:
        again_at[tries] = now + timedelta(seconds=first_s * 2**tries)
        tries += 1
    last = now + timedelta(seconds=longest_s)
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(message_ids))
        .values(tries=OutboxMessage.tries + 1, next_try_at=case(again_at, value=OutboxMessage.tries, else_=last)),
        execution_options=UNSEEN,
    )


def choose(session: Session, run_ids: Sequence[str], now: datetime) -> None:
    """Give these runs a place among those handed out, in this order."""
    if not run_ids:
        return
    order = {run_id: now + timedelta(microseconds=place) for place, run_id in enumerate(run_ids)}
    session.execute(
        update(Run).where(Run.id.in_(run_ids)).values(dispatched_at=case(order, value=Run.id)),
        execution_options=UNSEEN,
    )


def mark_sent(session: Session, message_ids: Sequence[str], run_ids: Sequence[str], now: datetime) -> None:
    session.execute(
        update(OutboxMessage).where(OutboxMessage.id.in_(message_ids)).values(dispatched_at=now),
        execution_options=UNSEEN,
    )
    session.execute(
        update(Run).where(Run.id.in_(run_ids)).values(dispatches=Run.dispatches + 1), execution_options=UNSEEN
    )


def runs_to_send(session: Session, message_ids: Sequence[str]) -> dict[str, Run]:
    """The runs of these rows, by the ids of the rows, with all that a job message says."""
    query = (
        select(OutboxMessage.id, Run)
        .join(Run, Run.id == OutboxMessage.subject_id)
        .where(OutboxMessage.id.in_(message_ids))
        .options(
            joinedload(Run.submission).joinedload(Submission.assignment).lazyload(Assignment.course),
            joinedload(Run.version),
        )
    )
    return {row[0]: row[1] for row in session.execute(query)}
