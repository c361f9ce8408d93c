"""Submissions that took their workers with them, kept from the workers until somebody has looked.

A run that was lost says only that its worker died, not why. After `quarantine_after` losses in a row the notebook is
held to be the reason, unless workers died at other notebooks meanwhile (a machine that fails, a deploy gone wrong):
then it gets twice as many tries. Workers whose process they name are told apart by it, so the neighbours that went
down with one worker are one death.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import Run, RunStatus, Submission
from grader.grading import queries
from grader.grading.rules import GradingRules

_SERVICE = Actor.system("grading")


@dataclass(frozen=True)
class Quarantined:
    """A submission in quarantine, as staff see it."""

    submission_id: str
    assignment: str  # its title
    student: str
    number: int
    since: datetime
    staff_text: str  # of the last run: how it died


def is_due(session: Session, tries: Sequence[Run], rules: GradingRules) -> bool:
    """Whether the notebook of `tries`, the last of which was lost, is kept from workers from now on."""
    lost = [run for run in tries if run.status is RunStatus.LOST]
    if len(lost) < rules.quarantine_after:
        return False
    if len(lost) >= 2 * rules.quarantine_after:
        return True
    elsewhere = queries.deaths_elsewhere(session, lost)
    return elsewhere < rules.quarantine_after


def begin(session: Session, submission: Submission, tries: Sequence[Run], now: datetime) -> str:
    """The text for staff. Call it with the submission locked."""
    submission.quarantined_at = now
    lost = [run.id for run in tries if run.status is RunStatus.LOST]
    after = {"lost_runs": lost}
    audit.record(session, _SERVICE, "submission.quarantined", "submission", submission.id, after=after)
    return f"In quarantine: {len(lost)} workers died while they graded it. It is not tried again until it is released."


def end(session: Session, submission: Submission, by: Actor, reason: str) -> None:
    """Let workers have it again. Call it with the submission locked; does nothing to one that is not in quarantine."""
    if submission.quarantined_at is None:
        return
    before = {"quarantined_at": submission.quarantined_at.isoformat()}
    submission.quarantined_at = None
    audit.record(
        session, by, "submission.released", "submission", submission.id, before=before, after={"reason": reason}
    )


def listed(
    session: Session, *, course_id: str | None = None, assignment_id: str | None = None, limit: int = 200
) -> list[Quarantined]:
    """What is in quarantine, of one course, one assignment or all, longest first."""
    return [
        Quarantined(
            submission.id, submission.assignment.title, submission.student.name, submission.number,
            submission.quarantined_at, text,
        )
        for submission, text in queries.quarantined(session, course_id, assignment_id, limit)
        if submission.quarantined_at is not None
    ]  # fmt: skip
