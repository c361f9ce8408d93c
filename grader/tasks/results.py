"""What workers send: started, heartbeat, result."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from celery import Task
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from grader.audit import bounded
from grader.audit.service import Actor
from grader.grading import service as grading
from grader.grading.outcomes import Alive, Recorded
from grader.grading.rules import GradingRules
from grader.measuring import figures
from grader.tasks.app import app, backend
from grader.tasks.telling import tell
from grader.time import utc_now
from telemetry import context
from worker.contract import (
    TASK_HANDED_BACK,
    TASK_HEARTBEAT,
    TASK_RESULT,
    TASK_STARTED,
    HandedBackMessage,
    MessageError,
    ResultMessage,
    StartedMessage,
)

log = logging.getLogger(__name__)

Message = TypeVar("Message", StartedMessage, HandedBackMessage, ResultMessage)

# A database that is locked, full or away comes back: news waits for it for minutes, a result for as long as it takes.
# Leases count again only once the sweeps have been steady for a while, so the result is there before its run is given
# to another worker; later it would be refused, and is done with in any case.
_PATIENT: dict[str, Any] = {
    "autoretry_for": (OperationalError, InterfaceError),
    "max_retries": 30,
    "retry_backoff": 1,
    "retry_backoff_max": 15,
    "retry_jitter": True,
}
_ENDLESS: dict[str, Any] = {**_PATIENT, "max_retries": None}
_BRIEF: dict[str, Any] = {**_PATIENT, "max_retries": 3}  # the next heartbeat says the same


@app.task(name=TASK_STARTED, bind=True, **_PATIENT)  # type: ignore[untyped-decorator]
def run_started(task: Task, message: object = None) -> str:
    return _step(task, StartedMessage, message, TASK_STARTED, grading.start)


@app.task(name=TASK_HEARTBEAT, bind=True, **_BRIEF)  # type: ignore[untyped-decorator]
def run_heartbeat(task: Task, message: object = None) -> str:
    return _step(task, StartedMessage, message, TASK_HEARTBEAT, grading.heartbeat)


@app.task(name=TASK_HANDED_BACK, bind=True, **_PATIENT)  # type: ignore[untyped-decorator]
def run_handed_back(task: Task, message: object = None) -> str:
    return _step(task, HandedBackMessage, message, TASK_HANDED_BACK, grading.hand_back)


@app.task(name=TASK_RESULT, bind=True, **_ENDLESS)  # type: ignore[untyped-decorator]
def run_result(task: Task, message: object = None) -> str:
    parsed = _parse(ResultMessage, message, TASK_RESULT)
    if parsed is None:
        return "malformed"
    began = time.time_ns()
    with context.bound(run=parsed.run_id), backend().writing() as session:
        outcome = grading.record(session, parsed, utc_now(), backend().rules)
    tell(parsed, outcome, began, time.time_ns())
    return type(outcome).__name__.lower()


def _parse(kind: type[Message], message: object, name: str) -> Message | None:
    """The message, or None after it was noted that it makes no sense: sending it again would not mend it."""
    try:
        return kind.from_json(message)
    except MessageError as error:
        run_id = message.get("run_id") if isinstance(message, dict) else None
        text = str(error)
        log.error("%s: malformed message for run %r: %s", name, run_id, text)
        figures.result_refused("malformed")
    with backend().writing() as session:
        after = {"task": name, "problem": text, "run": ascii(run_id)[:100]}
        bounded.record_unknown(session, Actor.system("recorder"), "message.malformed", "run", after, utc_now())
    return None


def _step(
    task: Task,
    kind: type[Message],
    message: object,
    name: str,
    step: Callable[[Session, Message, datetime, GradingRules], object],
) -> str:
    """What the worker tells of a run is done to it. The answer is the outcome in one word, for the log."""
    parsed = _parse(kind, message, name)
    if parsed is None:
        return "malformed"
    with backend().writing() as session:
        outcome = step(session, parsed, utc_now(), backend().rules)
    if not isinstance(outcome, Alive | Recorded):
        log.warning("%s: run %s: %s", task.name, parsed.run_id, outcome)
    return type(outcome).__name__.lower()
