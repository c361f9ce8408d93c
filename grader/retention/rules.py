"""The administrator's rule, and what it would remove now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Select, SQLColumnExpression, and_, exists, func, select, update
from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import Assignment, Blob, Course, RetentionRule, Run, RunStatus, Submission
from grader.db.retention_rule import THE_ROW
from grader.retention.errors import InvalidRetention
from grader.time import utc_now

MOST_MONTHS = 1200
# What nobody names may be on its way: a file is stored before the row that names it.
UNNAMED_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Plan:
    """What the rule removes at one time; grades, scores and texts are never in it."""

    executed: int  # runs whose executed notebook goes
    courses: tuple[str, ...]  # slugs of those that ended so long ago that handed-in files go
    files: int
    size_bytes: int

    @property
    def nothing(self) -> bool:
        return not self.executed and not self.files


def rule(session: Session) -> RetentionRule:
    """The rule in force; one that keeps everything where nobody set any."""
    return session.get(RetentionRule, THE_ROW) or RetentionRule(id=THE_ROW, executed_months=None, files_months=None)


def set_rule(session: Session, *, executed_months: int | None, files_months: int | None, by: Actor) -> RetentionRule:
    """Raises InvalidRetention. Nothing is removed by setting it."""
    if any(months is not None and not 1 <= months <= MOST_MONTHS for months in (executed_months, files_months)):
        raise InvalidRetention
    found = rule(session)
    before = {"executed_months": found.executed_months, "files_months": found.files_months}
    found.executed_months, found.files_months = executed_months, files_months
    found.updated_at, found.updated_by = utc_now(), by.id
    session.add(found)
    after = {"executed_months": executed_months, "files_months": files_months}
    audit.record(session, by, "retention.set", "retention", str(THE_ROW), before=before, after=after)
    return found


def plan(session: Session, now: datetime) -> Plan:
    found = rule(session)
    courses = _ended(session, found, now)
    runs = _old_runs(found, now)
    going = _going(found, courses, now)
    size = select(func.count(), func.coalesce(func.sum(Blob.size_bytes), 0)).where(going)
    files, size_bytes = session.execute(size).one()
    executed = 0 if runs is None else session.scalar(select(func.count()).select_from(runs.subquery())) or 0
    return Plan(executed, tuple(sorted(course.slug for course in courses)), files, int(size_bytes))


def apply(session: Session, now: datetime, by: Actor) -> Plan:
    """Take the files from whoever has them. The store lets them go later, see `grader.retention.purging`."""
    what = plan(session, now)
    if what.nothing:
        return what
    found = rule(session)
    removed: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        update(Blob).where(_going(found, _ended(session, found, now), now)).values(removed_at=now),
        execution_options={"synchronize_session": False},
    )
    runs = _old_runs(found, now)
    if runs is not None:
        session.execute(
            update(Run).where(Run.id.in_(runs)).values(executed_digest=None, executed_removed_at=now),
            execution_options={"synchronize_session": False},
        )
    after = {"executed": what.executed, "files": removed.rowcount, "bytes": what.size_bytes, "courses": [*what.courses]}
    audit.record(session, by, "retention.applied", "retention", str(THE_ROW), after=after)
    return what


def months_before(now: datetime, months: int) -> datetime:
    """The same day so many months earlier, or the last one of that month."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    for day in range(now.day, 27, -1):
        try:
            return now.replace(year=max(year, 1), month=month + 1, day=day)
        except ValueError:
            continue
    return now.replace(year=max(year, 1), month=month + 1, day=min(now.day, 28))


def _old_runs(found: RetentionRule, now: datetime) -> Select[str] | None:
    if found.executed_months is None:
        return None
    before = months_before(now, found.executed_months)
    return select(Run.id).where(
        Run.executed_digest.is_not(None),
        Run.finished_at < before,
        Run.status.not_in((RunStatus.QUEUED, RunStatus.RUNNING)),
    )


def _ended(session: Session, found: RetentionRule, now: datetime) -> list[Course]:
    """Courses whose last date and last submission are older than the rule says."""
    if found.files_months is None:
        return []
    before = months_before(now, found.files_months)
    dates = (Assignment.created_at, Assignment.opens_at, Assignment.due_at, Assignment.closes_at)
    later = exists().where(Assignment.course_id == Course.id, _any(date >= before for date in dates))
    handed_in = exists().where(
        Assignment.course_id == Course.id, Submission.assignment_id == Assignment.id, Submission.created_at >= before
    )
    return list(session.scalars(select(Course).where(Course.created_at < before, ~later, ~handed_in)))


def _any(conditions: Iterable[Any]) -> Any:
    found = None
    for condition in conditions:
        found = condition if found is None else found | condition
    return found


def _going(found: RetentionRule, courses: list[Course], now: datetime) -> Any:
    """Condition on blobs: not removed yet, and nobody who keeps what he has names them."""
    in_ended = Submission.assignment_id.in_(
        select(Assignment.id).where(Assignment.course_id.in_([course.id for course in courses]))
    )
    kept = exists().where(Submission.digest == Blob.digest, ~in_ended)
    runs = _old_runs(found, now)
    kept_run = Run.executed_digest == Blob.digest
    if runs is not None:
        kept_run = and_(kept_run, Run.id.not_in(runs))
    return and_(
        Blob.removed_at.is_(None),
        Blob.created_at < now - UNNAMED_FOR,
        ~kept,
        ~exists().where(kept_run),
        ~being_graded(Blob.digest),
    )


def being_graded(digest: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Whether a run waits for this file, or has it: also one of an old submission that is graded again."""
    active = Run.status.in_((RunStatus.QUEUED, RunStatus.RUNNING))
    return exists().where(Submission.digest == digest, Run.submission_id == Submission.id, active)
