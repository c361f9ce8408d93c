"""Sending grades to platforms. Celery carries ids of columns; what is owed, and when, is in the database."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from kombu.exceptions import OperationalError

from grader.lms.lti import sync_queries as queries
from grader.lms.lti.sync import TURN_S, Courier
from grader.lms.lti.sync_platform import Gradebook
from grader.lms.lti.sync_reconciling import Auditor, last_night
from grader.lms.lti.sync_wants import BATCH, catch_up
from grader.tasks.app import app, backend
from grader.time import utc_now
from grader.wiring import Backend

log = logging.getLogger(__name__)

# Slow platforms must not hold up the recording of results, which shares this process's threads.
MOST_AT_ONCE = 1
CATCH_UP_S = 60.0  # news of grades comes through the outbox; this is for what was there before
NIGHTLY_AT_ONCE = 20
_room = threading.BoundedSemaphore(MOST_AT_ONCE)


# Acknowledged at once: a message that is lost is announced again by the next sweep.
@app.task(name="grader.lti.send", ignore_result=True, acks_late=False)  # type: ignore[untyped-decorator]
def send(item_id: str) -> str:
    """Send what is due to one column, and then to others while there is time. Without room the next sweep comes."""
    return _with_room(lambda: f"{serve_due(backend(), item_id)} tried")


@app.task(name="grader.lti.reconcile", ignore_result=True, acks_late=False)  # type: ignore[untyped-decorator]
def reconcile(item_id: str) -> str:
    """Read one column back and note what differs."""
    return _with_room(lambda: str(auditor(backend()).reconcile(item_id)))


def serve_due(parts: Backend, item_id: str) -> int:
    """Serve a column and whatever else is due, for a turn: one column after the other, however many there are."""
    tried, end = courier(parts).serve(item_id), time.monotonic() + TURN_S
    while time.monotonic() < end:
        with parts.reading() as session:
            due = queries.due_items(session, utc_now())
        done = courier(parts).serve(due[0]) if due else 0
        if not done:
            break
        tried += done
    return tried


def courier(parts: Backend) -> Courier:
    return Courier(parts.writing, Gradebook(parts.lti.services))


def auditor(parts: Backend) -> Auditor:
    return Auditor(parts.writing, Gradebook(parts.lti.services))


def _with_room(work: Callable[[], str]) -> str:
    if not _room.acquire(blocking=False):
        return "no room"
    try:
        return work()
    finally:
        _room.release()


class Announcer:
    """What the sweeper does about grades for platforms: every time, every minute, every night."""

    def __init__(self) -> None:
        self._caught_up = float("-inf")

    def announce(self, parts: Backend) -> int:
        """Have the columns served in which something is due; tells how many."""
        if time.monotonic() - self._caught_up >= CATCH_UP_S:
            with parts.writing() as session:
                # A full batch means that there is more: the next sweep goes on.
                if catch_up(session, utc_now()) < BATCH:
                    self._caught_up = time.monotonic()
        now = utc_now()
        with parts.reading() as session:
            due = queries.due_items(session, now)
            nightly = queries.items_to_reconcile(session, last_night(now), NIGHTLY_AT_ONCE)
        orders = [(send, item_id) for item_id in due] + [(reconcile, item_id) for item_id in nightly]
        for number, (task, item_id) in enumerate(orders):
            try:
                task.apply_async((item_id,), retry=False)
            except (OperationalError, OSError) as error:
                log.warning("%d columns wait for the broker: %s", len(orders) - number, type(error).__name__)
                return number
        return len(orders)
