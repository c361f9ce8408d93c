from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, union_all
from sqlalchemy.orm import Session

from grader.db.models import AssignmentVersion, QueuePause, Run, RunStatus, Submission
from grader.waiting.estimate import Taken
from worker.contract import GradeStatus, Queue

MEASURED_MOST = 50  # runs of one assignment
TAKEN_MOST = 200


def ahead_in_queue(session: Session, run: Run) -> dict[str, int]:
    """How many runs wait before this one on its queue, by the ids of their assignments."""
    earlier = or_(Run.created_at < run.created_at, and_(Run.created_at == run.created_at, Run.id < run.id))
    query = (
        select(AssignmentVersion.assignment_id, func.count())
        .select_from(Run)
        .join(AssignmentVersion, AssignmentVersion.id == Run.version_id)
        .where(Run.status == RunStatus.QUEUED, Run.queue == run.queue, earlier)
        .group_by(AssignmentVersion.assignment_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def measured_seconds(session: Session, assignment_ids: Collection[str]) -> dict[str, list[float]]:
    """What the newest graded runs of each assignment took. One query that reads MEASURED_MOST rows of each."""
    parts = [_newest_of(assignment_id) for assignment_id in sorted(assignment_ids)]
    found: dict[str, list[float]] = {}
    if parts:
        rows: Sequence[Any] = session.execute(union_all(*parts)).all()
        for assignment_id, seconds in rows:
            found.setdefault(assignment_id, []).append(seconds)
    return found


def _newest_of(assignment_id: str) -> Select[tuple[str, float]]:
    newest = (
        select(Submission.assignment_id, Run.seconds_total)
        .join(Run, Run.id == Submission.counted_run_id)
        .where(
            Submission.assignment_id == assignment_id,
            Run.outcome == GradeStatus.GRADED,
            Run.seconds_total.is_not(None),
        )
        .order_by(Submission.created_at.desc())
        .limit(MEASURED_MOST)
        .subquery()
    )
    return select(newest.c.assignment_id, newest.c.seconds_total)


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
