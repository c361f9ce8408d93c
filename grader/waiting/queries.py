from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.db.models import QueuePause, Run, RunStatus, Submission
from grader.waiting.estimate import Taken
from worker.contract import Queue

TAKEN_MOST = 200


def sent_before(session: Session, run: Run) -> dict[str, int]:
    """How many runs the broker holds that no worker has begun (before this one), by the ids of their assignments."""
    query = (
        select(Submission.assignment_id, func.count())
        .join(Run, Run.submission_id == Submission.id)
        .where(Run.status == RunStatus.QUEUED, Run.queue == run.queue, Run.dispatched_at.is_not(None))
        .group_by(Submission.assignment_id)
    )
    if run.dispatched_at is not None:
        query = query.where(Run.dispatched_at < run.dispatched_at)
    return {row[0]: row[1] for row in session.execute(query)}


def taken_lately(session: Session, queue: Queue, since: datetime, now: datetime) -> list[Taken]:
    """The runs of the queue that workers took up last, the newest TAKEN_MOST since that time."""
    query = (
        select(Run.worker, Run.started_at, Run.seconds_total, Run.status, Run.lease_expires_at)
        .where(Run.queue == queue, Run.started_at >= since)
        .order_by(Run.started_at.desc())
        .limit(TAKEN_MOST)
    )
    found = []
    for worker, started_at, seconds, status, lease_expires_at in session.execute(query):
        assert started_at is not None  # the condition says so
        running = status is RunStatus.RUNNING
        silent = running and lease_expires_at is not None and lease_expires_at <= now
        found.append(Taken(worker or "", started_at, seconds, running, silent or status is RunStatus.LOST))
    return found


def is_paused(session: Session, queue: Queue) -> bool:
    return session.get(QueuePause, queue) is not None
