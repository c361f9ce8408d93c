"""What a worker sends to the recorder, and how long each kind is worth waiting for a broker that is away."""

from __future__ import annotations

import logging
from typing import Any

from kombu.exceptions import OperationalError

from worker.app import app
from worker.contract import RESULTS_QUEUE

log = logging.getLogger(__name__)

# A result is all that is left of minutes of work, so it is worth waiting for the broker to come back.
_RESULT_RETRY = {"max_retries": 60, "interval_start": 0.2, "interval_step": 0.5, "interval_max": 10.0}
_BEAT_RETRY = {"max_retries": 1, "interval_start": 0.1, "interval_step": 0.1, "interval_max": 0.2}


def send_result(task: str, message: dict[str, Any]) -> None:
    """Raises OperationalError when the broker stays away."""
    app.send_task(task, args=[message], queue=RESULTS_QUEUE, retry=True, retry_policy=_RESULT_RETRY)


def send_news(task: str, message: dict[str, Any]) -> None:
    """What may be lost without harm: the run's lease runs out then."""
    try:
        app.send_task(task, args=[message], queue=RESULTS_QUEUE, retry=True, retry_policy=_BEAT_RETRY)
    except OperationalError as error:
        log.warning("%s not sent: %s", task, type(error).__name__)
