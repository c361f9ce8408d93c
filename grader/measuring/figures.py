"""What the parts of the service count, in their words."""

from __future__ import annotations

from datetime import datetime

from grader.measuring import families
from grader.measuring.tally import TALLY
from worker.contract import Failure, GradeStatus, Queue, ResultMessage

ACCEPTED = "accepted"
LOST = "lost"


def upload(result: str) -> None:
    """`result`: ACCEPTED, or the code of the error with which it was refused."""
    TALLY.count(families.UPLOADS, result)


def http(route: str, method: str, status: int, seconds: float) -> None:
    TALLY.observe(families.HTTP, seconds, route, method, str(status))


def run_ended(queue: Queue, message: ResultMessage, outcome: GradeStatus) -> None:
    """`outcome`: as it was recorded, which is a failure where the message contradicted itself."""
    TALLY.count(families.RUNS_ENDED, queue.value, outcome.value)
    if outcome is GradeStatus.FAILED:
        TALLY.count(families.FAILURES, (message.failure or Failure.OTHER).value)
    for stage, seconds in message.stages.items():
        TALLY.observe(families.STAGES, seconds, queue.value, stage.value)


def waited(queue: Queue, created_at: datetime, started_at: datetime) -> None:
    TALLY.observe(families.STAGES, max((started_at - created_at).total_seconds(), 0.0), queue.value, "wait")


def recorded(queue: Queue, seconds: float) -> None:
    TALLY.observe(families.STAGES, seconds, queue.value, "record")


def runs_lost(number: int) -> None:
    if number:
        TALLY.count(families.FAILURES, LOST, by=number)


def result_refused(why: str) -> None:
    TALLY.count(families.RESULTS_REFUSED, why)


def delivery(target: str, *, delivered: bool) -> None:
    TALLY.count(families.DELIVERIES, target, "delivered" if delivered else "failed")
