"""What workers tell the grader: start, heartbeat, result, hand back; and what staff keep from workers.

A run is changed only under the lease that it has at that moment. Whatever arrives twice, late or from a worker
that was given up is recognised by run and lease, refused, and written into the audit.
"""

from __future__ import annotations

import hmac
from datetime import datetime

from sqlalchemy.orm import Session

from grader.audit import bounded
from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import Run, RunCause, RunStatus, Submission
from grader.grading import grades, marks, queries, recording, retries, superseding
from grader.grading.outcomes import Alive, Duplicate, Recorded, RecordOutcome, Stale
from grader.grading.rules import GradingRules
from grader.grading.states import RunEvent, SubmissionEvent, move, step
from grader.outbox import service as outbox
from grader.outbox.kinds import SUBMISSION_GRADED
from worker.contract import GradeStatus, HandBack, HandedBackMessage, ResultMessage, StartedMessage

_EVENT = {GradeStatus.GRADED: SubmissionEvent.GRADED, GradeStatus.REJECTED: SubmissionEvent.REJECTED}
_NOTED_REFUSALS = 5  # of one run, in the audit; further ones are only counted


def start(session: Session, message: StartedMessage, now: datetime, rules: GradingRules) -> Alive | Stale:
    """A worker has taken the run. Told twice, or late, it only lengthens the lease."""
    submission, run = _lock(session, message.run_id)
    if submission is None or run is None:
        return _refuse_unknown(session, message.run_id, message.worker, now)
    values = {
        "worker": message.worker,
        "worker_process": message.process,
        "started_at": now,
        "lease_expires_at": now + rules.lease,
    }
    moves = None if run.trial_id is not None else SubmissionEvent.STARTED  # of a trial the student sees nothing
    worker = _worker(message.worker)
    if step(session, submission, run, RunEvent.STARTED, worker, lease=message.lease, values=values, moves=moves):
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
    submission, run = _lock(session, message.run_id)
    if submission is None or run is None:
        return _refuse_unknown(session, message.run_id, message.worker, now)
    refused = _refusal(session, run, message)
    if refused is not None:
        return refused
    message = recording.trusted(message, run.version)
    values, worker = recording.run_values(message, now), _worker(message.worker)
    failed = message.status is GradeStatus.FAILED
    event = RunEvent.FAILED if failed else RunEvent.RECORDED
    note = {"outcome": message.status.value, "score": values["score"]}
    if not step(session, submission, run, event, worker, lease=message.lease, values=values, note=note):
        return _refuse_duplicate(session, run, message.worker)
    recording.apply(session, run, message)
    if failed:
        return Recorded(run, submission, retries.retry(session, submission, run, RunCause.FAILED, now, rules))
    if run.trial_id is None:
        count(session, submission, run, worker)
    else:
        marks.apply(session, run)  # what people gave would still hold, so the comparison has it too
    return Recorded(run, submission)


def hand_back(session: Session, message: HandedBackMessage, now: datetime, rules: GradingRules) -> Alive | Stale:
    """A worker gives its run up: because it stops, or because the run's own process died."""
    submission, run = _lock(session, message.run_id)
    if submission is None or run is None:
        return _refuse_unknown(session, message.run_id, message.worker, now)
    stale = Stale(run.id, "the run is not this worker's")  # like a heartbeat that comes late: nothing unusual
    if not _same_lease(run, message.lease) or not run.status.is_active:
        return stale
    if message.why is HandBack.DIED:
        lost = retries.lose(session, submission, run, now, rules, text=f"{message.worker}: {message.text}".strip())
        return Alive(run.id) if lost else stale
    if run.worker_process != message.process:
        return stale  # another worker has it already: the message was given back faster than this came
    values = {"worker": None, "worker_process": "", "started_at": None, "dispatched_at": now}
    moves = None if run.trial_id is not None else SubmissionEvent.HANDED_BACK
    worker = _worker(message.worker)
    changed = step(session, submission, run, RunEvent.HANDED_BACK, worker, values=values, moves=moves)
    return Alive(run.id) if changed else stale


def quarantine_by_hand(session: Session, *, submission_id: str, by: Actor, reason: str, now: datetime) -> None:
    """Keep a submission from workers until it is released. A run that waits or runs ends without a result; what
    counted before still counts. Does nothing to one that is in quarantine."""
    submission = queries.lock_submission(session, submission_id)
    if submission is None or submission.quarantined_at is not None:
        return
    run = queries.active_run(session, submission.id)
    retries.supersede(session, submission, by)
    if run is not None and run.trial_id is None:
        retries.settle(session, submission)
    submission.quarantined_at = now
    last = submission.runs[-1]
    last.staff_text = f"{last.staff_text} In quarantine: {reason}.".strip()
    audit.record(session, by, "submission.quarantined", "submission", submission.id, after={"reason": reason})


def count(session: Session, submission: Submission, run: Run, by: Actor) -> None:
    """Let the result of `run` stand. Call it with the submission locked."""
    assert run.outcome is not None
    marks.apply(session, run, fresh=run.trial_id is None)
    submission.counted_run_id = run.id
    active = queries.active_run(session, submission.id)
    if active is None or active.trial_id is not None:  # else it is being graded again, whatever a trial says
        move(submission, _EVENT[run.outcome])
    if run.outcome is GradeStatus.REJECTED:
        superseding.revive(session, submission)
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


def _lock(session: Session, run_id: str) -> tuple[Submission | None, Run | None]:
    """The run and its submission, which is locked; nothing where there is no such run."""
    submission_id = queries.submission_id_of_run(session, run_id)
    submission = None if submission_id is None else queries.lock_submission(session, submission_id)
    return submission, None if submission is None else queries.run(session, run_id)


def _prolong(session: Session, message: StartedMessage, now: datetime, rules: GradingRules) -> Alive | Stale:
    values = {"lease_expires_at": now + rules.lease}
    if queries.change_run(session, message.run_id, message.lease, (RunStatus.RUNNING,), values):
        return Alive(message.run_id)
    # Not audited: a heartbeat that was under way when its run ended is nothing unusual.
    return Stale(message.run_id, "the run is not running under this lease")


def _status(session: Session, message: StartedMessage) -> RunStatus | None:
    run = queries.run(session, message.run_id)
    return run.status if run is not None and _same_lease(run, message.lease) else None


def _same_lease(run: Run, lease: str) -> bool:
    return hmac.compare_digest(run.lease.encode(), lease.encode("utf-8", "replace"))


def _refusal(session: Session, run: Run, message: ResultMessage) -> Duplicate | Stale | None:
    if not _same_lease(run, message.lease):
        return _refuse(session, run, message.worker, "the result has another lease")
    if run.status in (RunStatus.LOST, RunStatus.SUPERSEDED):
        return _refuse(session, run, message.worker, f"the run was {run.status.value}")
    return None if run.status.is_active else _refuse_duplicate(session, run, message.worker)


def _refuse(session: Session, run: Run, worker: str, why: str) -> Stale:
    _count_refusal(session, run, worker, "result.refused", {"why": why})
    return Stale(run.id, why)


def _refuse_duplicate(session: Session, run: Run, worker: str) -> Duplicate:
    _count_refusal(session, run, worker, "result.duplicate", None)
    return Duplicate(run.id)


def _count_refusal(session: Session, run: Run, worker: str, action: str, after: dict[str, str] | None) -> None:
    run.refusals += 1
    if run.refusals <= _NOTED_REFUSALS:  # a worker gone mad must not fill the audit
        audit.record(session, _worker(worker), action, "run", run.id, after=after)


def _refuse_unknown(session: Session, run_id: str, worker: str, now: datetime) -> Stale:
    why = "there is no such run"
    bounded.record_unknown(
        session, _worker(worker), "result.refused", "run", {"why": why, "run": ascii(run_id)[:100]}, now
    )
    return Stale(run_id, why)


def _worker(name: str) -> Actor:
    return Actor.system(f"worker:{name[:200] or 'unnamed'}")
