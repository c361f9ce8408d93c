"""Handing jobs to the broker: no more than the workers can soon take, chosen by the rule.

The broker serves in the order in which jobs come, so what it holds can no longer be put in a better order. The rest
waits in the database. Whoever makes room or owes a new job (an upload, a worker that begins or ends, the sweep)
hands out, in whichever process that happens: on an idle system a job is with the broker as soon as its upload is
committed. A lock on the queue's row lets one choose at a time; it ends with its transaction, so nobody is waited
for who died.

Sending happens outside any transaction: rows are claimed and committed, then sent, then marked. A crash in
between sends a message again, which is harmless: it carries the same lease, and only one result is recorded.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from grader.db.models import QueueState
from grader.db.session import Sessions, read_only, unit_of_work
from grader.outbox.errors import BrokerDown
from grader.outbox.service import JobWriter
from grader.queueing import queries
from grader.queueing.candidates import candidates
from grader.queueing.measured import mean_seconds
from grader.queueing.rule import UNMEASURED_S, Job, Turns
from grader.queueing.shares import keep_shares, shares_of
from grader.queueing.terms import QueueTerms
from grader.queueing.window import room_for
from grader.time import utc_now
from worker.contract import JobMessage, Queue

log = logging.getLogger(__name__)

Publish = Callable[[JobMessage], None]  # raises BrokerDown

FIRST_WAIT_S = 2.0  # until a row is due again that was claimed and not marked as sent
LONGEST_WAIT_S = 60.0
AGAIN_AT_ONCE = 200
SIZES_FRESH_S = 30.0


@dataclass(frozen=True)
class Dispatched:
    sent: int = 0
    left: int = 0  # the broker was down; their time comes again


class Sizes:
    """How long a run of an assignment takes on average, looked up anew now and then. For one process."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, float]] = {}  # seconds, and until when they are fresh
        self._lock = threading.Lock()

    def of(self, session: Session, assignment_ids: Collection[str]) -> dict[str, float]:
        now = time.monotonic()
        with self._lock:
            stale = [key for key in assignment_ids if key not in self._known or self._known[key][1] < now]
        found = mean_seconds(session, stale)
        with self._lock:
            self._known |= {key: (seconds, now + SIZES_FRESH_S) for key, seconds in found.items()}
            return {key: self._known[key][0] for key in assignment_ids}


@dataclass(frozen=True)
class Dispatcher:
    """`window_least`: how many jobs the broker may hold of a queue where nothing runs yet."""

    sessions: Sessions
    publish: Publish
    writer: JobWriter
    window_least: int
    ahead_s: float = 0.0  # it may hold as many as began in so many seconds
    sizes: Sizes = field(default_factory=Sizes)

    def dispatch(self, queues: Iterable[Queue] | None = None, now: datetime | None = None) -> Dispatched:
        """Hand out what has room (of these queues). Never raises for a broker that is down."""
        now = now or utc_now()
        done = Dispatched()
        for queue in self._with_work(queues, now):
            with unit_of_work(self.sessions) as session:
                if queues is None:  # a sweep: it reads all that is owed
                    queries.close_ended(session, queue, now)
                jobs = self._claim(session, queue, now)
            handed = self._send(jobs, now)
            done = Dispatched(done.sent + handed.sent, done.left + handed.left)
        return done

    def _with_work(self, queues: Iterable[Queue] | None, now: datetime) -> list[Queue]:
        """Queues that owe something and may have room: looked at without a lock, because mostly there is nothing.

        Nothing is missed: whoever makes room later looks later, and then sees what was owed by now.
        """
        with read_only(self.sessions) as session:
            found = queries.open_queues(session)
            if queues is None:  # a sweep also closes what nobody waits for any more
                return [queue for queue in found if queries.owes(session, queue, now, ended=True)]
            return [
                queue
                for queue in found
                if queue in queues and queries.owes(session, queue, now) and self._room(session, queue, now) > 0
            ]

    def _room(self, session: Session, queue: Queue, now: datetime) -> int:
        out = queries.handed_out(session, queue)
        begun = queries.begun_since(session, queue, now - timedelta(seconds=self.ahead_s)) if self.ahead_s else 0
        return room_for(out.sent, out.running, self.window_least, begun)

    def _claim(self, session: Session, queue: Queue, now: datetime) -> list[tuple[str, JobMessage]]:
        state = queries.lock_state(session, queue)
        message_ids = queries.sent_and_owed(session, queue, now, AGAIN_AT_ONCE)
        room = self._room(session, queue, now)
        if room > 0 and (near := candidates(session, queue, now, room)):
            rows = {each.job.id: each.message_id for each in near}
            chosen = self._choose(session, state, [each.job for each in near], room)
            queries.choose(session, [job.id for job in chosen], now)
            message_ids += [rows[job.id] for job in chosen]
        queries.claim(session, message_ids, now, FIRST_WAIT_S, LONGEST_WAIT_S)
        runs = queries.runs_to_send(session, message_ids)
        return [(message_id, self.writer.message(runs[message_id])) for message_id in message_ids]

    def _choose(self, session: Session, state: QueueState, near: Sequence[Job], room: int) -> list[Job]:
        terms = queries.terms_of(session, {job.course for job in near})
        limits = course_room(session, state.queue, terms)
        if len(near) <= room and not limits:  # that is all that wait, and nobody waits for anybody
            return sorted(near, key=lambda job: (job.since, job.id))
        kept = shares_of(session, state.queue)
        turns = Turns(
            sized(near, self.sizes.of(session, {job.assignment for job in near})),
            kept.shares,
            weights={course: each.weight for course, each in terms.items()},
            room=limits,
        )
        chosen = [job for _, job in zip(range(room), turns, strict=False)]
        keep_shares(session, state, kept)
        return chosen

    def _send(self, jobs: Sequence[tuple[str, JobMessage]], now: datetime) -> Dispatched:
        sent: list[tuple[str, str]] = []
        for message_id, job in jobs:
            try:
                self.publish(job)
            except BrokerDown as error:
                log.warning("%d jobs wait for the broker: %s", len(jobs) - len(sent), error)
                break
            sent.append((message_id, job.run_id))
        if sent:
            with unit_of_work(self.sessions) as session:
                queries.mark_sent(session, [m for m, _ in sent], [r for _, r in sent], now)
        return Dispatched(len(sent), len(jobs) - len(sent))


def course_room(session: Session, queue: Queue, terms: Mapping[str, QueueTerms]) -> dict[str, int]:
    """How many more runs the courses may have under way that have a limit."""
    limits = {course: each.running_most for course, each in terms.items() if each.running_most is not None}
    if not limits:
        return {}
    under_way = queries.under_way_of(session, queue, limits)
    return {course: most - under_way.get(course, 0) for course, most in limits.items()}


def sized(jobs: Iterable[Job], seconds: Mapping[str, float]) -> list[Job]:
    return [replace(job, seconds=seconds.get(job.assignment, UNMEASURED_S)) for job in jobs]
