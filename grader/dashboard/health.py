"""How queues and workers do, as the runs in the database tell it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from grader.dashboard.figures import QueueHealth, WorkerHealth
from grader.db.models import Run, RunStatus
from worker.contract import Queue

RECENT = timedelta(hours=1)


def queues(session: Session) -> list[QueueHealth]:
    query = (
        select(Run.queue, Run.status, func.count(), func.min(Run.created_at))
        .where(Run.status.in_((RunStatus.QUEUED, RunStatus.RUNNING)))
        .group_by(Run.queue, Run.status)
    )
    found = {(queue, status): (count, oldest) for queue, status, count, oldest in session.execute(query)}
    return [
        QueueHealth(
            queue,
            found.get((queue, RunStatus.QUEUED), (0, None))[0],
            found.get((queue, RunStatus.RUNNING), (0, None))[0],
            found.get((queue, RunStatus.QUEUED), (0, None))[1],
        )
        for queue in Queue
    ]


def workers(session: Session, now: datetime) -> list[WorkerHealth]:
    """Workers that run something now, or ended a run within the last hour."""
    query = (
        select(
            Run.worker,
            func.count().filter(Run.status == RunStatus.RUNNING),
            func.count().filter(Run.finished_at >= now - RECENT),
            func.count().filter(Run.status.in_((RunStatus.FAILED, RunStatus.LOST))),
            func.max(func.coalesce(Run.finished_at, Run.started_at)),
        )
        .where(Run.worker.is_not(None), or_(Run.status == RunStatus.RUNNING, Run.finished_at >= now - RECENT))
        .group_by(Run.worker)
        .order_by(Run.worker)
    )
    return [WorkerHealth(row[0] or "", *row[1:]) for row in session.execute(query)]
