"""Runs as an operator looks for them: what is on its way, failed, stuck or in quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from grader.administration.errors import UnknownRun
from grader.db.models import Assignment, AuditEntry, Run, RunStatus, Submission, SubmissionStatus

STUCK_AFTER = timedelta(minutes=15)  # waiting; a run that runs is stuck when its lease is long over
LEASE_OVER = timedelta(minutes=2)


class Which(StrEnum):
    ACTIVE = "active"  # waiting or running
    FAILED = "failed"
    STUCK = "stuck"
    QUARANTINED = "quarantined"


@dataclass(frozen=True)
class RunFile:
    """One submission with all its runs, and what the audit log says of them."""

    submission: Submission
    runs: tuple[Run, ...]
    history: tuple[AuditEntry, ...]


def listed(session: Session, which: Which, now: datetime, *, limit: int) -> list[Run]:
    """The last run of each such submission, oldest first."""
    last = aliased(Run)
    newest = select(func.max(last.number)).where(last.submission_id == Run.submission_id).scalar_subquery()
    query = (
        select(Run)
        .join(Submission, Submission.id == Run.submission_id)
        .where(Run.number == newest, _condition(which, now))
        .options(joinedload(Run.submission).joinedload(Submission.student))
        .options(joinedload(Run.submission).joinedload(Submission.assignment).joinedload(Assignment.course))
        .order_by(Run.created_at, Run.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def _condition(which: Which, now: datetime) -> ColumnElement[bool]:
    if which is Which.FAILED:
        return and_(Submission.status == SubmissionStatus.FAILED, Submission.quarantined_at.is_(None))
    if which is Which.QUARANTINED:
        return Submission.quarantined_at.is_not(None)
    if which is Which.STUCK:
        waiting = and_(Run.status == RunStatus.QUEUED, Run.created_at < now - STUCK_AFTER)
        silent = and_(Run.status == RunStatus.RUNNING, Run.lease_expires_at < now - LEASE_OVER)
        return or_(waiting, silent)
    return Run.status.in_((RunStatus.QUEUED, RunStatus.RUNNING))


def find(session: Session, given: str) -> Submission:
    """The submission with this id, or that of the run with this id. Raises UnknownRun."""
    found = session.get(Submission, given)
    if found is None and (run := session.get(Run, given)) is not None:
        found = session.get(Submission, run.submission_id)
    if found is None:
        raise UnknownRun(given)
    return found


def file_of(session: Session, given: str) -> RunFile:
    """Raises UnknownRun."""
    submission = find(session, given)
    runs = session.scalars(select(Run).where(Run.submission_id == submission.id).order_by(Run.number)).all()
    return RunFile(submission, tuple(runs), tuple(_history(session, [submission.id, *(run.id for run in runs)])))


def _history(session: Session, ids: Sequence[str]) -> list[AuditEntry]:
    about = AuditEntry.object_type.in_(("run", "submission"))
    query = select(AuditEntry).where(about, AuditEntry.object_id.in_(ids))
    return list(session.scalars(query.order_by(AuditEntry.at, AuditEntry.id)))
