"""Writing outbox rows, and the messages of the jobs among them. `grader.queueing` sends those."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from grader.courses.service import release_of
from grader.db.models import OutboxMessage, Run
from grader.outbox.kinds import RUN_JOB
from grader.signing import BlobTicket, Signer
from grader.time import utc_now
from worker.contract import JobMessage, Queue

WOKEN = "woken_queues"  # in Session.info: queues that have a new job, or room for one, by this transaction


@dataclass(frozen=True)
class JobWriter:
    """Turns a run into the message for a worker."""

    signer: Signer
    internal_url: str

    def message(self, run: Run) -> JobMessage:
        submission, release = run.submission, release_of(run.version)
        ticket = BlobTicket(run.id, submission.digest)
        return JobMessage(
            run_id=run.id,
            submission_id=submission.id,
            lease=run.lease,
            assignment=release.slug,
            assignment_version=run.version.digest,
            digest=submission.digest,
            blob_url=self.signer.blob_url(self.internal_url, ticket),
            limits=release.limits,
            queue=run.queue,
            answers=submission.answers,
            attempt=run.attempt,
        )


def add(
    session: Session, kind: str, subject_id: str, payload: dict[str, Any], *, due: datetime | None = None
) -> OutboxMessage:
    """Owe `payload`, not before `due` (now). It is owed exactly if the transaction is committed."""
    now = utc_now()
    message = OutboxMessage(kind=kind, subject_id=subject_id, payload=payload, next_try_at=due or now)
    session.add(message)
    return message


def add_job(session: Session, run: Run, *, due: datetime | None = None) -> OutboxMessage:
    """Owe a worker the job of `run`."""
    wake(session, run.queue)
    return add(session, RUN_JOB, run.id, {"run_id": run.id}, due=due)


def wake(session: Session, queue: Queue) -> None:
    """Once this transaction is committed, somebody should look whether a job of the queue can be handed out."""
    session.info.setdefault(WOKEN, set()).add(queue)
