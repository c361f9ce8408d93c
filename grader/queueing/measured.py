"""What runs took: the ground of every size and estimate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from statistics import fmean
from typing import Any

from sqlalchemy import Select, select, union_all
from sqlalchemy.orm import Session

from grader.db.models import Run, Submission
from grader.queueing.rule import UNMEASURED_S
from worker.contract import GradeStatus

LEAST_S = 0.01
MEASURED_MOST = 50  # runs of one assignment


def measured_seconds(session: Session, assignment_ids: Collection[str]) -> dict[str, list[float]]:
    """What the newest graded runs of each assignment took. One query that reads MEASURED_MOST rows of each."""
    parts = [_newest_of(assignment_id) for assignment_id in sorted(assignment_ids)]
    found: dict[str, list[float]] = {}
    if parts:
        rows: Sequence[Any] = session.execute(union_all(*parts)).all()
        for assignment_id, seconds in rows:
            found.setdefault(assignment_id, []).append(seconds)
    return found


def mean_seconds(session: Session, assignment_ids: Collection[str]) -> dict[str, float]:
    """How long a run of each assignment is taken to last. Never nothing: a share is charged with it."""
    times = measured_seconds(session, assignment_ids)
    return {key: max(fmean(times[key]), LEAST_S) if times.get(key) else UNMEASURED_S for key in assignment_ids}


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
