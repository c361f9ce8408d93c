"""What a recorded result says to those who watch the service: a log line, figures, spans."""

from __future__ import annotations

import logging
from datetime import datetime

from grader.grading.outcomes import Duplicate, Recorded, RecordOutcome
from grader.measuring import figures
from telemetry import context, tracing
from worker.contract import GradeStatus, ResultMessage

log = logging.getLogger(__name__)


def tell(message: ResultMessage, outcome: RecordOutcome, began_ns: int, ended_ns: int) -> None:
    """`began_ns`, `ended_ns`: around the recording, in nanoseconds since 1970."""
    if not isinstance(outcome, Recorded):
        why = "duplicate" if isinstance(outcome, Duplicate) else "stale"
        figures.result_refused(why)
        log.warning("result refused: %s", outcome.why if not isinstance(outcome, Duplicate) else "it was there already")
        return
    run, submission = outcome.run, outcome.submission
    seconds = max(ended_ns - began_ns, 0) / 1e9
    status = run.outcome or GradeStatus.FAILED
    figures.run_ended(run.queue, message, status)
    figures.recorded(run.queue, seconds)
    if run.started_at is not None:
        figures.waited(run.queue, run.created_at, run.started_at)
        began, ended = _ns(run.created_at), _ns(run.started_at)
        tracing.record("queue.wait", submission.id, began, ended, run=run.id, queue=run.queue.value)
    tracing.record("record", submission.id, began_ns, ended_ns, run=run.id, outcome=status.value)
    fields = {"outcome": status.value, "worker": run.worker, "seconds": round(seconds, 4)}
    with context.bound(submission=submission.id):
        log.info("result recorded", extra={"fields": fields})


def _ns(at: datetime) -> int:
    return int(at.timestamp() * 1e9)
