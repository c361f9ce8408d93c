"""The states of runs and submissions, as data: what may follow what. Every change of a status goes through here.

A run's step is one conditional UPDATE: it holds only under the lease that the run has at that moment, and from a
state that allows it, whatever else is going on. Each step leaves one row in the audit, which says also what it did
to the submission; heartbeats prolong a lease, are no steps, and leave none.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import Run, RunStatus, Submission, SubmissionStatus
from grader.grading import queries
from grader.grading.errors import ImpossibleStep
from grader.outbox import service as outbox


class RunEvent(StrEnum):
    STARTED = "started"  # a worker took it
    HANDED_BACK = "handed-back"  # the worker stops, and another is to do it; under the same lease
    RECORDED = "recorded"  # a result came: graded, or rejected
    FAILED = "failed"  # the worker could not grade it
    LOST = "lost"  # its worker died with it, or fell silent
    SUPERSEDED = "superseded"  # a rerun takes its place


class SubmissionEvent(StrEnum):
    STARTED = "started"
    HANDED_BACK = "handed-back"
    REQUEUED = "requeued"  # a new run of it waits: a person asked for it, or the one before came to nothing
    GRADED = "graded"
    REJECTED = "rejected"
    GIVEN_UP = "given-up"  # nothing counts, and it is not tried again
    SUPERSEDED = "superseded"  # a newer attempt took its place while it waited


_QUEUED, _RUNNING = RunStatus.QUEUED, RunStatus.RUNNING
_ACTIVE = frozenset((_QUEUED, _RUNNING))

# event: (states that it may come in, the state that follows)
RUN: Mapping[RunEvent, tuple[frozenset[RunStatus], RunStatus]] = {
    RunEvent.STARTED: (frozenset((_QUEUED,)), _RUNNING),
    RunEvent.HANDED_BACK: (frozenset((_RUNNING,)), _QUEUED),
    # Also where the news that it began was lost or comes later: the lease says whose it is.
    RunEvent.RECORDED: (_ACTIVE, RunStatus.DONE),
    RunEvent.FAILED: (_ACTIVE, RunStatus.FAILED),
    RunEvent.LOST: (_ACTIVE, RunStatus.LOST),
    RunEvent.SUPERSEDED: (_ACTIVE, RunStatus.SUPERSEDED),
}

_PENDING = frozenset((SubmissionStatus.QUEUED, SubmissionStatus.RUNNING))
_ANY = frozenset(SubmissionStatus)

SUBMISSION: Mapping[SubmissionEvent, tuple[frozenset[SubmissionStatus], SubmissionStatus]] = {
    SubmissionEvent.STARTED: (_PENDING, SubmissionStatus.RUNNING),
    SubmissionEvent.HANDED_BACK: (_PENDING, SubmissionStatus.QUEUED),
    SubmissionEvent.REQUEUED: (_ANY, SubmissionStatus.QUEUED),
    # From any: a trial that is applied lets another result of a submission at rest stand.
    SubmissionEvent.GRADED: (_ANY, SubmissionStatus.GRADED),
    SubmissionEvent.REJECTED: (_ANY, SubmissionStatus.REJECTED),
    SubmissionEvent.GIVEN_UP: (_PENDING, SubmissionStatus.FAILED),
    SubmissionEvent.SUPERSEDED: (frozenset((SubmissionStatus.QUEUED,)), SubmissionStatus.SUPERSEDED),
}


def step(
    session: Session,
    submission: Submission,
    run: Run,
    event: RunEvent,
    by: Actor,
    *,
    lease: str | None = None,
    values: Mapping[str, Any] | None = None,
    moves: SubmissionEvent | None = None,
    note: Mapping[str, Any] | None = None,
) -> bool:
    """Take `run` one step on, under `lease` (its own); False, and nothing is changed, where the step is impossible.

    `values`: what else of the run changes with it. `moves`: what follows for the submission at once. `note`: what
    the audit keeps beside. Call it with the submission locked.
    """
    sources, target = RUN[event]
    before = run.status
    changes = {**(values or {}), "status": target}
    if target is not _RUNNING:
        changes["lease_expires_at"] = None
    if not queries.change_run(session, run.id, run.lease if lease is None else lease, tuple(sources), changes):
        return False
    session.refresh(run)
    outbox.wake(session, run.queue)  # each step makes room for another run
    if moves is not None:
        move(submission, moves)
    after = {"status": target.value, "submission": submission.id, **(note or {})}
    if moves is not None:
        after["submission_status"] = submission.status.value
    audit.record(session, by, f"run.{event.value}", "run", run.id, before={"status": before.value}, after=after)
    return True


def move(submission: Submission, event: SubmissionEvent) -> None:
    """Raises ImpossibleStep: then a part of the service is wrong, and nothing of its transaction must stand."""
    sources, target = SUBMISSION[event]
    if submission.status not in sources:
        raise ImpossibleStep("submission", submission.id, submission.status.value, event.value)
    submission.status = target
