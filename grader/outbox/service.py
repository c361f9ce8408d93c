"""Writing outbox rows, and sending the job messages among them.

Sending happens outside any transaction: rows are claimed and committed, then sent, then marked. A crash in
between sends a message again, which is harmless: it carries the same lease, and only one result is recorded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from grader.courses.service import release_of
from grader.db.models import OutboxMessage, Run
from grader.db.session import Sessions, unit_of_work
from grader.outbox import queries
from grader.outbox.errors import BrokerDown
from grader.outbox.kinds import RUN_JOB
from grader.signing import BlobTicket, Signer
from grader.time import utc_now
from worker.contract import JobMessage

log = logging.getLogger(__name__)

NEW_JOBS = "new_jobs"  # in Session.info: ids of job rows that this transaction wrote and that are due
_FIRST_WAIT_S = 2.0
_LONGEST_WAIT_S = 60.0

Publish = Callable[[JobMessage], None]  # raises BrokerDown


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


@dataclass(frozen=True)
class Dispatched:
    sent: int = 0
    left: int = 0  # the broker was down; their time comes again


def add(
    session: Session, kind: str, subject_id: str, payload: dict[str, Any], *, due: datetime | None = None
) -> OutboxMessage:
    """Owe `payload`, not before `due` (now). It is owed exactly if the transaction is committed."""
    now = utc_now()
    message = OutboxMessage(kind=kind, subject_id=subject_id, payload=payload, next_try_at=due or now)
    session.add(message)
    if kind == RUN_JOB and (due is None or due <= now):
        session.flush()
        session.info.setdefault(NEW_JOBS, []).append(message.id)
    return message


def add_job(session: Session, run: Run, *, due: datetime | None = None) -> OutboxMessage:
    """Owe a worker the job of `run`."""
    return add(session, RUN_JOB, run.id, {"run_id": run.id}, due=due)


def dispatch_pending(
    sessions: Sessions,
    publish: Publish,
    writer: JobWriter,
    *,
    now: datetime | None = None,
    only: Sequence[str] | None = None,
    limit: int = 200,
) -> Dispatched:
    """Send the job messages that are due (`only` those rows, if given). Never raises for a broker that is down."""
    now = now or utc_now()
    with unit_of_work(sessions) as session:
        jobs = _claim(session, writer, now, only, limit)
    sent: list[tuple[str, str]] = []
    for message_id, job in jobs:
        try:
            publish(job)
        except BrokerDown as error:
            log.warning("%d jobs wait for the broker: %s", len(jobs) - len(sent), error)
            break
        sent.append((message_id, job.run_id))
    if sent:
        with unit_of_work(sessions) as session:
            queries.mark_sent(session, [m for m, _ in sent], [r for _, r in sent], now)
    return Dispatched(len(sent), len(jobs) - len(sent))


def _claim(
    session: Session, writer: JobWriter, now: datetime, only: Sequence[str] | None, limit: int
) -> list[tuple[str, JobMessage]]:
    messages = queries.claimable_jobs(session, now, only, limit)
    runs = queries.runs_to_send(session, [m.subject_id for m in messages])
    jobs = []
    for message in messages:
        run = runs.get(message.subject_id)
        if run is None:  # superseded, or done by an earlier message: nothing is owed any more
            message.dispatched_at = now
            continue
        wait_s = min(_FIRST_WAIT_S * 2**message.tries, _LONGEST_WAIT_S)
        message.tries += 1
        message.next_try_at = now + timedelta(seconds=wait_s)
        jobs.append((message.id, writer.message(run)))
    return jobs
