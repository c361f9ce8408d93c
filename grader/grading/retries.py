"""What follows when a run comes to nothing: another run, or staff are told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Run, RunCause, RunStatus, Submission
from grader.grading import quarantine, queries, runs, superseding
from grader.grading.rules import GradingRules
from grader.grading.states import RunEvent, SubmissionEvent, move, step
from worker.contract import GradeStatus

GIVEN_UP = (
    "Grading this notebook failed on our side, several times. It is not your fault and costs you nothing; your "
    "file is kept. The course staff can see this and can run it again."
)
SERVICE = Actor.system("grading")


def retry(
    session: Session, submission: Submission, run: Run, cause: RunCause, now: datetime, rules: GradingRules
) -> Run | None:
    """A new run after `run` was lost or failed; None once that is useless, or workers must be kept from it.

    Call it with the submission locked and `run` ended. The version in force is used: the one of before may be
    what the workers no longer have.
    """
    tries = queries.tries(session, run)
    if cause is RunCause.LOST and quarantine.is_due(session, tries, rules):
        _give_up(session, submission, run, quarantine.begin(session, submission, tries, now))
        return None
    failures = sum(before.status is RunStatus.FAILED for before in tries)
    if failures >= rules.max_attempts:
        _give_up(session, submission, run, f"Given up after {failures} attempts.")
        return None
    version = courses.current_version(session, submission.assignment_id) or run.version
    due = now + rules.retry_wait(failures) if cause is RunCause.FAILED else None
    trial = (run.trial_id, run.compared_id) if run.trial_id is not None else None
    again = runs.add(session, submission, version, cause, SERVICE, attempt=run.attempt + 1, due=due, trial=trial)
    if trial is None:
        move(submission, SubmissionEvent.REQUEUED)
    return again


def lose(
    session: Session, submission: Submission, run: Run, now: datetime, rules: GradingRules, *, text: str = ""
) -> bool:
    """Take `run` from its worker and give it to another; tells whether it was still to be had.

    `text`: how it died, for staff; without it the worker fell silent.
    """
    silent = f"The worker {run.worker or '(unnamed)'} fell silent for more than {rules.lease_s:g} s."
    values = {"finished_at": now, "staff_text": text or silent}
    if text:
        values["worker_process"] = run.id  # alone: its worker lives
    if not step(session, submission, run, RunEvent.LOST, SERVICE, values=values, note={"worker": run.worker}):
        return False
    retry(session, submission, run, RunCause.LOST, now, rules)
    return True


def supersede(session: Session, submission: Submission, by: Actor) -> str | None:
    """End the submission's run that waits or runs, if there is one, without a result; returns its id."""
    run = queries.active_run(session, submission.id)
    if run is None or not step(session, submission, run, RunEvent.SUPERSEDED, by):
        return None
    return run.id


def settle(session: Session, submission: Submission) -> None:
    """No run of it is on its way any more: what counted before still counts, or it has failed."""
    counted = submission.counted_run
    if counted is None:
        move(submission, SubmissionEvent.GIVEN_UP)
        superseding.revive(session, submission)
    else:
        graded = counted.outcome is GradeStatus.GRADED
        move(submission, SubmissionEvent.GRADED if graded else SubmissionEvent.REJECTED)


def _give_up(session: Session, submission: Submission, run: Run, text: str) -> None:
    run.reason = run.reason or GIVEN_UP
    run.staff_text = f"{run.staff_text} {text}".strip()
    if run.trial_id is None:
        settle(session, submission)
    after = {"run": run.id, "submission_status": submission.status.value, "why": text}
    audit.record(session, SERVICE, "submission.given-up", "submission", submission.id, after=after)
