"""What workers tell the grader, and what people ask of it: start, heartbeat, result, run again.

A run is changed only under the lease that it has at that moment. Whatever arrives twice, late or from a worker
that was given up is recognised by run and lease, refused, and written into the audit.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Run, RunCause, RunStatus, Submission, SubmissionStatus
from grader.grading import grades, marks, queries, recording, retries, runs
from grader.grading.errors import NothingToRerun
from grader.grading.outcomes import Alive, Duplicate, Recorded, RecordOutcome, Stale
from grader.grading.rules import GradingRules
from grader.outbox import service as outbox
from grader.outbox.kinds import SUBMISSION_GRADED
from worker.contract import GradeStatus, ResultMessage, StartedMessage

_STATUS = {GradeStatus.GRADED: SubmissionStatus.GRADED, GradeStatus.REJECTED: SubmissionStatus.REJECTED}


def start(session: Session, message: StartedMessage, now: datetime, rules: GradingRules) -> Alive | Stale:
    """A worker has taken the run. Told twice, or late, it only lengthens the lease."""
    submission = _lock(session, message.run_id)
    if submission is None:
        return _refuse(session, message.run_id, message.worker, "there is no such run")
    values = {
        "status": RunStatus.RUNNING,
        "worker": message.worker,
        "started_at": now,
        "lease_expires_at": now + rules.lease,
    }
    if queries.change_run(session, message.run_id, message.lease, (RunStatus.QUEUED,), values):
        if not _is_trial(session, message.run_id):  # of a trial the student sees nothing
            submission.status = SubmissionStatus.RUNNING
        worker = _worker(message.worker)
        audit.record(session, worker, "run.started", "run", message.run_id, after={"submission": submission.id})
        return Alive(message.run_id)
    return _prolong(session, message, now, rules)


def heartbeat(session: Session, message: StartedMessage, now: datetime, rules: GradingRules) -> Alive | Stale:
    """The worker is still at it. A heartbeat whose start message was lost starts the run."""
    outcome = _prolong(session, message, now, rules)
    if isinstance(outcome, Stale) and _status(session, message) is RunStatus.QUEUED:
        return start(session, message, now, rules)
    return outcome


def record(session: Session, message: ResultMessage, now: datetime, rules: GradingRules) -> RecordOutcome:
    """Write a run's result, once, and bring submission and grade up to it.

    A failure of ours is tried again by a new run, a few times; it never becomes a score.
    """
    submission = _lock(session, message.run_id)
    run = queries.run(session, message.run_id) if submission is not None else None
    if submission is None or run is None:
        return _refuse(session, message.run_id, message.worker, "there is no such run")
    refused = _refusal(session, run, message)
    if refused is not None:
        return refused
    message = recording.trusted(message, run.version)
    values = recording.run_values(message, now)
    if not queries.change_run(session, run.id, message.lease, queries.ACTIVE, values):
        return Duplicate(run.id)
    recording.apply(session, run, message)
    worker = _worker(message.worker)
    after = {"outcome": message.status.value, "score": run.score, "submission": submission.id}
    audit.record(session, worker, "run.recorded", "run", run.id, after=after)
    if message.status is GradeStatus.FAILED:
        return Recorded(run, submission, retries.retry(session, submission, run, RunCause.FAILED, now, rules))
    if run.trial_id is None:
        count(session, submission, run, worker)
    else:
        marks.apply(session, run)  # what people gave would still hold, so the comparison has it too
    return Recorded(run, submission)


def rerun(session: Session, *, submission_ids: Sequence[str], by: Actor, reason: str) -> list[Run]:
    """Queue a new run of each submission, against the assignment's version in force.

    A run that is still waiting or running is superseded: its result would be about the old version. What
    counted before counts until the new result is there. Unknown ids are passed over; raises NothingToRerun if
    nothing is left.
    """
    added = []
    for submission_id in sorted(set(submission_ids)):  # everybody locks in one order
        submission = queries.lock_submission(session, submission_id)
        if submission is None:
            continue
        superseded = retries.supersede(session, submission)
        version = courses.current_version(session, submission.assignment_id) or submission.version
        run = runs.add(session, submission, version, RunCause.RERUN)
        before = {"status": submission.status.value, "superseded": superseded}
        submission.status = SubmissionStatus.QUEUED
        after = {"run": run.id, "version": version.number, "reason": reason}
        audit.record(session, by, "submission.rerun", "submission", submission.id, before=before, after=after)
        added.append(run)
    if not added:
        raise NothingToRerun
    return added


def count(session: Session, submission: Submission, run: Run, by: Actor) -> None:
    """Let the result of `run` stand. Call it with the submission locked."""
    assert run.outcome is not None
    marks.apply(session, run, fresh=run.trial_id is None)
    submission.counted_run_id = run.id
    submission.status = _STATUS[run.outcome]
    session.flush()
    payload = {
        "submission_id": submission.id,
        "student_id": submission.student_id,
        "assignment_id": submission.assignment_id,
        "run_id": run.id,
        "run": run.number,
        "outcome": run.outcome.value,
        "score": run.score,
        "max_score": run.max_score,
    }
    outbox.add(session, SUBMISSION_GRADED, submission.id, payload)
    grades.refresh_for(session, submission, by)


def _is_trial(session: Session, run_id: str) -> bool:
    run = queries.run(session, run_id)
    return run is not None and run.trial_id is not None


def _lock(session: Session, run_id: str) -> Submission | None:
    submission_id = queries.submission_id_of_run(session, run_id)
    return None if submission_id is None else queries.lock_submission(session, submission_id)


def _prolong(session: Session, message: StartedMessage, now: datetime, rules: GradingRules) -> Alive | Stale:
    values = {"lease_expires_at": now + rules.lease}
    if queries.change_run(session, message.run_id, message.lease, (RunStatus.RUNNING,), values):
        return Alive(message.run_id)
    # Not audited: a heartbeat that was under way when its run ended is nothing unusual.
    return Stale(message.run_id, "the run is not running under this lease")


def _status(session: Session, message: StartedMessage) -> RunStatus | None:
    run = queries.run(session, message.run_id)
    return run.status if run is not None and hmac.compare_digest(run.lease, message.lease) else None


def _refusal(session: Session, run: Run, message: ResultMessage) -> Duplicate | Stale | None:
    if not hmac.compare_digest(run.lease.encode(), message.lease.encode("utf-8", "replace")):
        return _refuse(session, run.id, message.worker, "the result has another lease")
    if run.status in (RunStatus.LOST, RunStatus.SUPERSEDED):
        return _refuse(session, run.id, message.worker, f"the run was {run.status.value}")
    if not run.status.is_active:
        audit.record(session, _worker(message.worker), "result.duplicate", "run", run.id)
        return Duplicate(run.id)
    return None


def _refuse(session: Session, run_id: str, worker: str, why: str) -> Stale:
    audit.record(session, _worker(worker), "result.refused", "run", run_id[:36], after={"why": why})
    return Stale(run_id, why)


def _worker(name: str) -> Actor:
    return Actor.system(f"worker:{name[:200] or 'unnamed'}")
