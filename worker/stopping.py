"""What becomes of runs whose worker is told to stop, or whose process died.

On SIGTERM Celery takes no new job and waits for those that run, for ever. Here it gets `WORKER_STOP_S`; then the
runs that are left are handed back to the recorder, their messages to the broker, and the worker ends.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
import time
from collections.abc import Sequence
from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery.signals import task_failure, worker_shutting_down
from celery.worker import state

from worker.contract import TASK_GRADE, TASK_HANDED_BACK, HandBack, HandedBackMessage, JobMessage, MessageError
from worker.sending import send_news
from worker.settings import from_environment

log = logging.getLogger(__name__)

PROCESS = secrets.token_hex(8)  # of this start of the worker; its slots are forked from it and share it
LAST_S = 10.0  # for Celery to end after the jobs were handed back; without a broker it can wait for ever

_handing_back = threading.Event()
_begun = threading.Event()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def limit_the_wait(how: str, **_: Any) -> None:
    """A thread is harmless now: nothing is forked any more."""
    if how == "Warm" and not _begun.is_set():
        _begun.set()
        threading.Thread(target=_end_within, args=(from_environment().stop_s,), name="stop", daemon=True).start()


@task_failure.connect  # type: ignore[untyped-decorator]
def tell_that_it_died(exception: BaseException, args: Sequence[Any], sender: Any = None, **_: Any) -> None:
    """In the worker's main process, of a slot that died; in the slot itself, of a mistake of ours."""
    if getattr(sender, "name", "") != TASK_GRADE or _handing_back.is_set():
        return
    died = isinstance(exception, WorkerLostError | TimeLimitExceeded)
    text = "its process died" if died else "grading it raised an exception"
    _hand_back(args, HandBack.DIED, f"{text}: {exception!r:.500}")


def _end_within(seconds: float) -> None:
    time.sleep(seconds)
    _handing_back.set()
    for request in tuple(state.active_requests):
        if request.name == TASK_GRADE:
            _hand_back(request.args, HandBack.STOPPING, "")
    os.kill(os.getpid(), signal.SIGQUIT)  # ends the slots; the broker gives their messages to others
    time.sleep(LAST_S)
    log.error("the worker did not end by itself; what it held is sent again by the grader")
    os._exit(1)


def _hand_back(args: Sequence[Any], why: HandBack, text: str) -> None:
    try:
        job = JobMessage.from_json(args[0] if args else None)
    except MessageError:
        return
    log.warning("run %s handed back (%s)%s", job.run_id, why.value, f": {text}" if text else "")
    message = HandedBackMessage(job.run_id, job.lease, from_environment().name, PROCESS, why, text)
    send_news(TASK_HANDED_BACK, message.to_json())
