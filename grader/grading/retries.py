"""What follows when a run comes to nothing: another run, or staff are told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Run, RunCause, RunStatus, Submission, SubmissionStatus
from grader.grading import queries, runs
from grader.grading.rules import GradingRules
from worker.contract import GradeStatus

GIVEN_UP = (
    "Grading this notebook failed on our side, several times. It is not your fault and costs you nothing; your "
    "file is kept. The course staff can see this and can run it again."
)
_SERVICE = Actor.system("grading")


def retry(
    session: Session, submission: Submission, run: Run, cause: RunCause, now: datetime, rules: GradingRules
) -> Run | None:
    """A new run after `run` was lost or failed, or None once `rules.max_attempts` have been made.

    Call it with the submission locked and `run` ended. The version in force is used: the one of before may be
    what the workers no longer have.
    """
    if run.attempt >= rules.max_attempts:
        _give_up(session, submission, run, rules)
        return None
    version = courses.current_version(session, submission.assignment_id) or run.version
    due = now + rules.retry_wait(run.attempt) if cause is RunCause.FAILED else None
    trial = (run.trial_id, run.compared_id) if run.trial_id is not None else None
    again = runs.add(session, submission, version, cause, attempt=run.attempt + 1, due=due, trial=trial)
    if trial is None:
        submission.status = SubmissionStatus.QUEUED
    audit.record(session, _SERVICE, "run.retried", "run", run.id, after={"run": again.id, "attempt": again.attempt})
    return again


def lose(session: Session, submission: Submission, run: Run, now: datetime, rules: GradingRules) -> bool:
    """Take `run` from a worker that fell silent and give it to another; tells whether it was still to be had."""
    text = f"The worker {run.worker or '(unnamed)'} fell silent for more than {rules.lease_s:g} s."
    values = {"status": RunStatus.LOST, "finished_at": now, "lease_expires_at": None, "staff_text": text}
    if not queries.change_run(session, run.id, run.lease, (RunStatus.RUNNING,), values):
        return False
    session.refresh(run)
    audit.record(session, _SERVICE, "run.lost", "run", run.id, after={"worker": run.worker})
    retry(session, submission, run, RunCause.LOST, now, rules)
    return True


def supersede(session: Session, submission: Submission) -> str | None:
    """End the submission's run that waits or runs, if there is one, without a result; returns its id."""
    run = queries.active_run(session, submission.id)
    if run is None:
        return None
    run.status, run.lease_expires_at = RunStatus.SUPERSEDED, None
    session.flush()  # before the next run is added: a submission has one active run
    return run.id


def _give_up(session: Session, submission: Submission, run: Run, rules: GradingRules) -> None:
    counted = submission.counted_run
    if counted is None:
        submission.status = SubmissionStatus.FAILED
    else:  # a rerun came to nothing: what counted before still counts
        graded = counted.outcome is GradeStatus.GRADED
        submission.status = SubmissionStatus.GRADED if graded else SubmissionStatus.REJECTED
    run.reason = run.reason or GIVEN_UP
    run.staff_text = f"{run.staff_text} Given up after {rules.max_attempts} attempts.".strip()
    audit.record(session, _SERVICE, "submission.given-up", "submission", submission.id, after={"run": run.id})
