from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload

from grader.db.models import (
    CheckResultRow,
    Grade,
    Run,
    RunStatus,
    Submission,
    SubmissionStatus,
    Trial,
    User,
)
from grader.grading.queries import ACTIVE
from worker.contract import GradeStatus


@dataclass(frozen=True)
class Change:
    """How one check would come out otherwise."""

    title: str
    before: float | None  # None: the check was not there
    after: float | None
    message: str  # of the new result


@dataclass(frozen=True)
class Compared:
    """One submission of a trial: its result then, and in the trial."""

    submission_id: str
    student: str
    attempt: int
    old_run: str | None
    new_run: str
    status: RunStatus
    outcome: GradeStatus | None
    before: float | None
    after: float | None
    changes: tuple[Change, ...] = ()

    @property
    def done(self) -> bool:
        return self.status is RunStatus.DONE

    @property
    def differs(self) -> bool:
        return self.done and (self.before != self.after or bool(self.changes))


def get(session: Session, trial_id: str) -> Trial | None:
    query = select(Trial).where(Trial.id == trial_id).options(joinedload(Trial.starter), joinedload(Trial.version))
    return session.scalar(query)


def lock(session: Session, trial_id: str) -> Trial:
    query = select(Trial).where(Trial.id == trial_id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one()


def of_assignment(session: Session, assignment_id: str) -> list[Trial]:
    query = (
        select(Trial)
        .where(Trial.assignment_id == assignment_id)
        .options(joinedload(Trial.starter), joinedload(Trial.version))
        .order_by(Trial.created_at.desc(), Trial.id.desc())
    )
    return list(session.scalars(query))


def candidates(session: Session, assignment_id: str, *, every: bool) -> list[str]:
    """Graded submissions at rest and not in quarantine: those that count for the grades, or `every` one."""
    query = select(Submission.id).where(
        Submission.assignment_id == assignment_id,
        Submission.counted_run_id.is_not(None),
        Submission.status == SubmissionStatus.GRADED,
        Submission.quarantined_at.is_(None),
    )
    if not every:
        query = query.join(Grade, Grade.submission_id == Submission.id)
    return list(session.scalars(query.order_by(Submission.id)))


def compared(session: Session, trial_id: str) -> list[Compared]:
    """The newest run of each submission of the trial beside the run that counted when it began; three queries."""
    new, old, later = aliased(Run), aliased(Run), aliased(Run)
    newest = (
        select(later.submission_id, func.max(later.number).label("number"))
        .where(later.trial_id == trial_id)
        .group_by(later.submission_id)
        .subquery()
    )
    query = (
        select(
            Submission.id, User.name, Submission.number, new.compared_id, new.id, new.status, new.outcome, old.score,
            new.score,
        )
        .select_from(newest)
        .join(new, (new.submission_id == newest.c.submission_id) & (new.number == newest.c.number))
        .join(Submission, Submission.id == new.submission_id)
        .join(User, User.id == Submission.student_id)
        .outerjoin(old, old.id == new.compared_id)
        .order_by(User.name, Submission.number)
    )  # fmt: skip
    rows = [Compared(*row) for row in session.execute(query)]
    done = [row for row in rows if row.done]
    checks = _checks(session, [run for row in done for run in (row.old_run, row.new_run) if run])
    return [
        Compared(**{**vars(row), "changes": changes(checks[row.old_run or ""], checks[row.new_run])})
        if row.done
        else row
        for row in rows
    ]


def changes(before: Sequence[CheckResultRow], after: Sequence[CheckResultRow]) -> tuple[Change, ...]:
    old, new = {row.key: row for row in before}, {row.key: row for row in after}
    found = []
    for key in [*new, *(key for key in old if key not in new)]:
        was, now = old.get(key), new.get(key)
        shown = now or was
        assert shown is not None
        if was is None or now is None or was.points != now.points:
            points = (was.points if was else None, now.points if now else None)
            found.append(Change(shown.title or key, *points, now.message if now else "No longer asked."))
    return tuple(found)


def active_runs(session: Session, trial_id: str) -> int:
    query = select(func.count()).where(Run.trial_id == trial_id, Run.status.in_(ACTIVE))
    return session.scalar(query) or 0


def finished(session: Session, trial_id: str) -> list[tuple[str, str]]:
    """(submission, run) of every result of the trial, in the order in which submissions are locked."""
    query = (
        select(Run.submission_id, Run.id)
        .where(Run.trial_id == trial_id, Run.status == RunStatus.DONE)
        .order_by(Run.submission_id)
    )
    return [(submission, run) for submission, run in session.execute(query)]


def _checks(session: Session, run_ids: Sequence[str]) -> dict[str, list[CheckResultRow]]:
    found: dict[str, list[CheckResultRow]] = defaultdict(list)
    for start in range(0, len(run_ids), 500):
        part = run_ids[start : start + 500]
        query = select(CheckResultRow).where(CheckResultRow.run_id.in_(part)).order_by(CheckResultRow.position)
        for row in session.scalars(query):
            found[row.run_id].append(row)
    return found
