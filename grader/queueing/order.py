"""The order in which the runs that wait would be chosen if nothing else came: for places and estimates."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from grader.db.models import Run
from grader.queueing import queries
from grader.queueing.candidates import waiting
from grader.queueing.dispatching import sized
from grader.queueing.measured import mean_seconds
from grader.queueing.rule import Turns
from grader.queueing.shares import shares_of
from worker.contract import Queue

LONG = 100  # runs that wait: from so many on, an order serves all who ask for a while
FRESH_TIMES = 20  # for so many times as long as it took to make it, and
FRESH_LEAST_S = 1.0


@dataclass(frozen=True)
class Order:
    """Ids of runs with the assignments of each, in the order in which they would be chosen."""

    places: dict[str, int]
    assignments: list[str]

    def ahead_of(self, run_id: str) -> dict[str, int]:
        return dict(Counter(self.assignments[: self.places.get(run_id, len(self.assignments))]))


def ahead_of(session: Session, run: Run, now: datetime) -> dict[str, int]:
    """How many runs would be chosen before this one that waits, by the ids of their assignments."""
    return _orders.current(session, run.queue, now).ahead_of(run.id)


def order_of(session: Session, queue: Queue, now: datetime) -> Order:
    jobs = [each.job for each in waiting(session, queue, now)]
    terms = queries.terms_of(session, {job.course for job in jobs})
    seconds = mean_seconds(session, {job.assignment for job in jobs})
    weights = {course: each.weight for course, each in terms.items()}
    # Limits of courses are left out: what is held back by one will start all the same, only later.
    chosen = list(Turns(sized(jobs, seconds), shares_of(session, queue).shares, weights=weights))
    return Order({job.id: place for place, job in enumerate(chosen)}, [job.assignment for job in chosen])


class _Orders:
    """Hundreds of open pages ask for their place every second; a long queue is put in order once for all of them."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, Queue], tuple[Order, float]] = {}
        self._lock = threading.Lock()

    def current(self, session: Session, queue: Queue, now: datetime) -> Order:
        key = (str(session.get_bind().engine.url), queue)
        with self._lock:
            kept = self._kept.get(key)
        began = time.monotonic()
        if kept is not None and began < kept[1]:
            return kept[0]  # a run that came since is told all of it: a little too long, and for seconds only
        order = order_of(session, queue, now)
        if len(order.places) >= LONG:
            ended = time.monotonic()
            with self._lock:
                self._kept[key] = (order, ended + max(FRESH_LEAST_S, FRESH_TIMES * (ended - began)))
        return order


_orders = _Orders()
