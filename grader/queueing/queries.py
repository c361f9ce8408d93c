from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from grader.db.inserting import insert_or_ignore, upsert
from grader.db.models import (
    Assignment,
    Course,
    OutboxMessage,
    QueuePause,
    QueueShare,
    QueueState,
    Run,
    RunCause,
    RunStatus,
    Submission,
)
from grader.outbox.kinds import RUN_JOB
from grader.queueing.rule import Job, Shares
from grader.queueing.terms import QueueTerms
from worker.contract import Queue

HANDED_OUT = (RunStatus.QUEUED, RunStatus.RUNNING)
ROUND = "*"  # QueueShare.owner of a course's round


@dataclass(frozen=True)
class Waiting:
    """A run that waits to be chosen, with the row of the outbox that owes its job."""

    message_id: str
    job: Job


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


def owes(session: Session, queue: Queue, now: datetime) -> bool:
    """Whether any job of the queue is due."""
    query = (
        select(OutboxMessage.id)
        .join(Run, Run.id == OutboxMessage.subject_id)
        .where(*_due(now), Run.queue == queue)
        .limit(1)
    )
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
        update(OutboxMessage)
        .where(*_due(now), ended.exists())
        .values(dispatched_at=now)
        .execution_options(synchronize_session=False)
    )


def sent_and_owed(session: Session, queue: Queue, now: datetime, limit: int) -> list[str]:
    """Rows that owe the job of a run that has its place already: its message did not get out, or was lost."""
    query = (
        select(OutboxMessage.id)
        .join(Run, Run.id == OutboxMessage.subject_id)
        .where(*_due(now), Run.queue == queue, Run.status == RunStatus.QUEUED, Run.dispatched_at.is_not(None))
        .order_by(Run.dispatched_at, OutboxMessage.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def waiting(session: Session, queue: Queue, now: datetime) -> list[Waiting]:
    """The runs that wait to be chosen and whose job is due. Their `seconds` are not known here."""
    query = (
        select(
            OutboxMessage.id,
            Run.id,
            Run.cause,
            Run.trial_id,
            Run.created_at,
            Submission.created_at,
            Submission.counted_run_id,
            Submission.number,
            Submission.student_id,
            Submission.assignment_id,
            Assignment.course_id,
        )
        .join(Run, Run.id == OutboxMessage.subject_id)
        .join(Submission, Submission.id == Run.submission_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .where(*_due(now), Run.queue == queue, Run.status == RunStatus.QUEUED, Run.dispatched_at.is_(None))
    )
    return [_waiting(row) for row in session.execute(query)]


def _due(now: datetime) -> tuple[Any, ...]:
    return OutboxMessage.kind == RUN_JOB, OutboxMessage.dispatched_at.is_(None), OutboxMessage.next_try_at <= now


def _waiting(row: Sequence[Any]) -> Waiting:
    message_id, run_id, cause, trial_id, made_at, handed_in_at, counted, number, student, assignment, course = row
    again = trial_id is not None or counted is not None or cause is RunCause.RERUN
    since = made_at if again else handed_in_at
    job = Job(run_id, course, student, assignment, since.timestamp(), first=number == 1, again=again)
    return Waiting(message_id, job)


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


def shares_of(session: Session, queue: Queue) -> Shares:
    state = session.get(QueueState, queue)
    if state is None:
        return Shares()
    shares = Shares(picks=state.picks, clock=state.clock)
    for row in session.scalars(select(QueueShare).where(QueueShare.queue == queue)):
        if row.owner == "":
            shares.courses[row.course_id] = row.given
        elif row.owner == ROUND:
            shares.rounds[row.course_id] = row.given
        else:
            shares.turns[row.course_id, row.owner] = row.given
    return shares


def keep_shares(session: Session, state: QueueState, shares: Shares) -> None:
    """Write what changed; a share that is not above its clock says nothing and is not kept."""
    queue = state.queue
    before = shares_of(session, queue)
    state.picks, state.clock = shares.picks, shares.clock
    was, now = _as_rows(before), _as_rows(shares)
    for gone in was.keys() - now.keys():
        session.execute(
            delete(QueueShare).where(
                QueueShare.queue == queue, QueueShare.course_id == gone[0], QueueShare.owner == gone[1]
            )
        )
    for (course_id, owner), given in now.items():
        if was.get((course_id, owner)) != given:
            upsert(session, QueueShare, {"queue": queue, "course_id": course_id, "owner": owner}, {"given": given})


def _as_rows(shares: Shares) -> dict[tuple[str, str], float]:
    rows = {(course, ""): given for course, given in shares.courses.items() if given > shares.clock}
    turns = {key: given for key, given in shares.turns.items() if given > shares.rounds.get(key[0], 0.0)}
    used = {course for course, _ in turns}
    rows |= {(course, ROUND): given for course, given in shares.rounds.items() if course in used and given > 0}
    return rows | turns


def claim(session: Session, message_ids: Sequence[str], now: datetime, first_s: float, longest_s: float) -> None:
    """These rows are about to be sent; should we die on the way, they are due again after a while."""
    waits = [first_s * 2**tries for tries in range(16)]
    for message in session.scalars(select(OutboxMessage).where(OutboxMessage.id.in_(message_ids))):
        message.next_try_at = now + timedelta(seconds=min(waits[min(message.tries, 15)], longest_s))
        message.tries += 1


def choose(session: Session, run_ids: Sequence[str], now: datetime) -> None:
    """Give these runs a place among those handed out, in this order."""
    if not run_ids:
        return
    order = {run_id: now + timedelta(microseconds=place) for place, run_id in enumerate(run_ids)}
    session.execute(
        update(Run)
        .where(Run.id.in_(run_ids))
        .values(dispatched_at=case(order, value=Run.id))
        .execution_options(synchronize_session=False)
    )


def mark_sent(session: Session, message_ids: Sequence[str], run_ids: Sequence[str], now: datetime) -> None:
    session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(message_ids)).values(dispatched_at=now))
    session.execute(update(Run).where(Run.id.in_(run_ids)).values(dispatches=Run.dispatches + 1))


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
