from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from grader.courses.service import release_of
from grader.db.models import Run, RunStatus
from grader.queueing.measured import measured_seconds
from grader.queueing.order import ahead_of
from grader.queueing.routing import slots_alive
from grader.waiting import estimate, queries
from grader.waiting.estimate import Estimate
from worker.contract import Queue

LATELY = timedelta(hours=2)  # no run is under way for longer
ASSIGNMENTS_MOST = 12  # ahead in the queue: with more of them nothing is estimated


@dataclass(frozen=True)
class Waiting:
    place: int | None  # runs that go before it, as things stand; None when it does not wait
    estimate: Estimate


def waiting_of(session: Session, run: Run, now: datetime) -> Waiting:
    """Where a run that has not ended stands, in the order in which jobs are handed out."""
    own_id = run.version.assignment_id
    if run.status is not RunStatus.QUEUED:
        own = measured_seconds(session, [own_id]).get(own_id, [])
        elapsed_s = (now - run.started_at).total_seconds() if run.started_at is not None else 0.0
        return Waiting(None, estimate.rest_of_run(own, max(0.0, elapsed_s)))
    ahead = queries.sent_before(session, run)
    if run.dispatched_at is None:
        for assignment_id, count in ahead_of(session, run, now).items():
            ahead[assignment_id] = ahead.get(assignment_id, 0) + count
    return Waiting(sum(ahead.values()), _queued(session, run, own_id, ahead, now))


def _queued(session: Session, run: Run, own_id: str, ahead: dict[str, int], now: datetime) -> Estimate:
    if queries.is_paused(session, run.queue):
        return estimate.HELD_BACK
    if run.queue is Queue.GPU and not _has_gpu_worker(session, run, now):
        return estimate.NO_GPU_WORKER
    if len(ahead) > ASSIGNMENTS_MOST:
        return estimate.OTHERS_NOT_MEASURED
    times = measured_seconds(session, {own_id, *ahead})
    taken = queries.taken_lately(session, run.queue, now - LATELY, now)
    return estimate.until_result(times.get(own_id, []), ahead, times, estimate.workers_of(taken, now))


def _has_gpu_worker(session: Session, run: Run, now: datetime) -> bool:
    """Whether one lives that has a device that is well and large enough for the assignment."""
    return slots_alive(session, Queue.GPU, now, release_of(run.version).gpu_memory_mib) > 0
