"""What is done every few seconds whether or not anything happened, in a thread of the recorder.

A thread and not Celery's beat: it needs no broker to tick, no file, no process that could outlive the recorder,
and every recorder may have one, because the database lets one sweep at a time.
"""

from __future__ import annotations

import logging
import threading

from celery.signals import worker_ready, worker_shutting_down
from sqlalchemy.exc import SQLAlchemyError

from grader.grading.outcomes import Swept
from grader.grading.sweeping import BrokerView, sweep
from grader.measuring import figures
from grader.queueing import routing
from grader.tasks import similarity
from grader.tasks.app import app, backend
from grader.tasks.lti_sync import Announcer
from grader.tasks.retention import Tidier
from grader.tasks.webhooks import announce
from grader.time import utc_now
from grader.wiring import Backend
from worker.contract import RESULTS_QUEUE, Queue

log = logging.getLogger(__name__)


def sweep_once(parts: Backend) -> Swept:
    """Bring back lost runs and jobs, then send what is owed."""
    view = BrokerView(
        jobs={queue: parts.broker.depth(queue.value) for queue in Queue}, results=parts.broker.depth(RESULTS_QUEUE)
    )
    with parts.writing() as session:
        swept = sweep(session, utc_now(), parts.rules, view)
        if not swept.skipped:
            routing.reroute(session, utc_now())
    figures.runs_lost(swept.lost)
    if swept.lost or swept.dispatched_again:
        log.warning("%d runs lost with their workers, %d jobs sent again", swept.lost, swept.dispatched_again)
    parts.dispatch()
    return swept


def reason(error: SQLAlchemyError) -> str:
    """What the database itself said, less statement and values: that a column is missing is no outage."""
    said = str(getattr(error, "orig", None) or "").strip().splitlines()
    return f"{type(error).__name__}: {said[0]}" if said else type(error).__name__


class Sweeper(threading.Thread):
    def __init__(self, parts: Backend) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._parts = parts
        self._grades = Announcer()
        self._tidier = Tidier()
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(self._parts.settings.sweep_s):
            try:
                sweep_once(self._parts)
                announce(self._parts)
                similarity.announce(self._parts)
                self._grades.announce(self._parts)
                self._tidier.tidy(self._parts)
            except SQLAlchemyError as error:
                log.warning("no sweep this time, because of the database: %s", reason(error))
            except Exception:
                log.exception("a sweep failed; the next one comes all the same")

    def stop(self) -> None:
        self._stopped.set()


_running: list[Sweeper] = []


@worker_ready.connect  # type: ignore[untyped-decorator]
def _start(sender: object = None, **_: object) -> None:
    if getattr(sender, "app", None) is app:
        sweeper = Sweeper(backend())
        _running.append(sweeper)
        sweeper.start()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop(**_: object) -> None:
    for sweeper in _running:
        sweeper.stop()
