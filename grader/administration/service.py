from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from grader.administration import queries, runs
from grader.administration.errors import NotInQuarantine
from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import OutboxMessage, QueuePause, Run, RunStatus, Submission
from grader.grading import rerunning
from grader.grading import service as grading
from grader.grading.rerunning import Rerun
from grader.outbox.kinds import RUN_JOB
from grader.time import utc_now
from worker.contract import Queue

AT_ONCE = 500  # failed submissions that one request starts again


def pause(session: Session, *, queue: Queue, reason: str, by: Actor) -> None:
    """Hold back the jobs of the queue that no worker has been given yet. Paused twice is paused."""
    found = session.get(QueuePause, queue)
    if found is not None:
        return
    session.add(QueuePause(queue=queue, reason=reason, paused_by=by.id))
    audit.record(session, by, "queue.paused", "queue", queue.value, after={"reason": reason})


def resume(session: Session, *, queue: Queue, by: Actor) -> None:
    """Hand on what was held back, at once."""
    found = session.get(QueuePause, queue)
    if found is None:
        return
    session.delete(found)
    waiting = select(Run.id).where(Run.queue == queue, Run.status == RunStatus.QUEUED)
    held = OutboxMessage.subject_id.in_(waiting)
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.kind == RUN_JOB, OutboxMessage.dispatched_at.is_(None), held)
        .values(next_try_at=utc_now())
        .execution_options(synchronize_session=False)
    )
    audit.record(session, by, "queue.resumed", "queue", queue.value)


def retry_failed(session: Session, *, by: Actor) -> Rerun:
    """Run failed submissions again, as many as one request may; those without a file are only counted."""
    ids, removed = queries.failed_ids(session)
    again = Rerun()
    if ids:
        reason = "failed before, retried by an administrator"
        again = rerunning.rerun(session, submission_ids=ids[:AT_ONCE], by=by, reason=reason)
    again.removed += removed
    return again


def retry(session: Session, *, run_or_submission: str, reason: str, by: Actor) -> Run:
    """Grade it again. Raises UnknownRun, InQuarantine, FileRemoved."""
    submission = runs.find(session, run_or_submission)
    return rerunning.rerun(session, submission_ids=[submission.id], by=by, reason=reason).runs[0]


def release(session: Session, *, run_or_submission: str, reason: str, by: Actor) -> Run:
    """Let workers have what is in quarantine again. Raises UnknownRun, NotInQuarantine, FileRemoved."""
    submission = runs.find(session, run_or_submission)
    if submission.quarantined_at is None:
        raise NotInQuarantine
    asked = rerunning.rerun(session, submission_ids=[submission.id], by=by, reason=reason, release=True)
    return asked.runs[0]


def quarantine(session: Session, *, run_or_submission: str, reason: str, by: Actor) -> Submission:
    """Keep it from workers until it is released; what counted before still counts. Raises UnknownRun."""
    submission = runs.find(session, run_or_submission)
    grading.quarantine_by_hand(session, submission_id=submission.id, by=by, reason=reason, now=utc_now())
    return submission
