"""Making a run, and the job that is owed with it."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses.service import release_of
from grader.db.models import AssignmentVersion, Run, RunCause, RunStatus, Submission
from grader.grading import queries
from grader.outbox import service as outbox
from grader.queueing import routing
from grader.time import utc_now

SUBMISSIONS = Actor.system("submissions")


def add(
    session: Session,
    submission: Submission,
    version: AssignmentVersion,
    cause: RunCause,
    by: Actor,
    *,
    attempt: int = 1,
    due: datetime | None = None,
    trial: tuple[str, str | None] | None = None,
) -> Run:
    """Queue a new run of `submission` against `version`, with a lease of its own; its job is due at `due`.

    `trial`: the trial that it belongs to, and the run that it is compared with.
    """
    run = Run(
        submission_id=submission.id,
        version_id=version.id,
        number=queries.last_run_number(session, submission.id) + 1,
        cause=cause,
        attempt=attempt,
        status=RunStatus.QUEUED,
        queue=routing.queue_for(session, release_of(version), utc_now()),
        lease=secrets.token_urlsafe(24),
        trial_id=trial[0] if trial else None,
        compared_id=trial[1] if trial else None,
    )
    session.add(run)
    session.flush()
    after = {"status": run.status.value, "submission": submission.id, "cause": cause.value, "attempt": attempt}
    audit.record(session, by, "run.queued", "run", run.id, after=after)
    outbox.add_job(session, run, due=due)
    return run
