from __future__ import annotations

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Assignment, RunCause, Trial, TrialStatus, User
from grader.grading import queries as grading
from grader.grading import runs
from grader.grading.retries import supersede
from grader.grading.service import count
from grader.retention import removed
from grader.time import utc_now
from grader.trials import queries
from grader.trials.errors import NothingToTry, TrialDecided, TrialRunning


def begin(session: Session, *, assignment: Assignment, every: bool, reason: str, by: User) -> Trial:
    """Run graded submissions again against the version in force, without consequence for anybody.

    `every`: all of them, not only those that count. What is being graded just now is left out, and
    so is what was removed by the rule for old files. Raises NothingToTry.
    """
    version = courses.current_version(session, assignment.id)
    if version is None:
        raise NothingToTry
    trial = Trial(
        assignment_id=assignment.id, version_id=version.id, reason=reason, status=TrialStatus.OPEN, started_by=by.id
    )
    session.add(trial)
    session.flush()
    tried = 0
    for submission_id in queries.candidates(session, assignment.id, every=every):
        submission = grading.lock_submission(session, submission_id)
        if submission is None or grading.active_run(session, submission_id) is not None:
            continue
        if removed.removed_at(session, submission) is not None:
            continue
        compared = (trial.id, submission.counted_run_id)
        runs.add(session, submission, version, RunCause.TRIAL, Actor.of(by), trial=compared)
        tried += 1
    if not tried:
        raise NothingToTry
    after = {"trial": trial.id, "submissions": tried, "version": version.number, "reason": reason}
    audit.record(session, Actor.of(by), "trial.begun", "assignment", assignment.id, after=after)
    return trial


def apply(session: Session, *, trial_id: str, by: User) -> int:
    """Let the results of the trial stand; tells for how many submissions.

    A submission that was graded again since the trial keeps that newer result. Raises TrialDecided, TrialRunning.
    """
    trial = _open(session, trial_id)
    waiting = queries.active_runs(session, trial_id)
    if waiting:
        raise TrialRunning(waiting)
    actor, applied = Actor.of(by), 0
    for submission_id, run_id in queries.finished(session, trial_id):
        submission = grading.lock_submission(session, submission_id)
        run = grading.run(session, run_id)
        if submission is None or run is None or submission.counted_run_id != run.compared_id:
            continue
        count(session, submission, run, actor)
        applied += 1
    _decide(session, trial, TrialStatus.APPLIED, by, {"submissions": applied})
    return applied


def drop(session: Session, *, trial_id: str, by: User) -> int:
    """End the trial without consequence; runs of it that still wait are given up. Raises TrialDecided."""
    trial = _open(session, trial_id)
    given_up = _give_up(session, trial_id, Actor.of(by))
    _decide(session, trial, TrialStatus.DROPPED, by, {"given_up": given_up})
    return given_up


def _give_up(session: Session, trial_id: str, by: Actor) -> int:
    given_up = 0
    for submission_id in sorted({row.submission_id for row in queries.compared(session, trial_id) if not row.done}):
        submission = grading.lock_submission(session, submission_id)
        active = grading.active_run(session, submission_id)
        if submission is not None and active is not None and active.trial_id == trial_id:
            supersede(session, submission, by)
            given_up += 1
    return given_up


def _open(session: Session, trial_id: str) -> Trial:
    trial = queries.lock(session, trial_id)
    if trial.status is not TrialStatus.OPEN:
        raise TrialDecided(trial.status.value)
    return trial


def _decide(session: Session, trial: Trial, status: TrialStatus, by: User, more: dict[str, object]) -> None:
    trial.status, trial.decided_by, trial.decided_at = status, by.id, utc_now()
    after = {"trial": trial.id, **more}
    audit.record(session, Actor.of(by), f"trial.{status.value}", "assignment", trial.assignment_id, after=after)
