"""Grading again what was graded before, because staff ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Run, RunCause, Submission
from grader.errors import DomainError
from grader.grading import quarantine, queries, retries, runs
from grader.grading.errors import InQuarantine, NothingToRerun
from grader.grading.states import SubmissionEvent, move
from grader.retention import removed


@dataclass
class Rerun:
    """What was queued, and what was asked for and passed over."""

    runs: list[Run] = field(default_factory=list)
    in_quarantine: int = 0
    removed: int = 0  # their files went by the rule for old files


def rerun(session: Session, *, submission_ids: Sequence[str], by: Actor, reason: str, release: bool = False) -> Rerun:
    """Queue a new run of each submission, against the assignment's version in force.

    A run that is still waiting or running is superseded: its result would be about the old version. What
    counted before counts until the new result is there. Unknown ids are passed over, and so is what has no file any
    more, and what is in quarantine, unless it is to be released. Raises NothingToRerun, InQuarantine or FileRemoved if
    nothing is left.
    """
    done = Rerun()
    why: DomainError | None = None
    for submission_id in sorted(set(submission_ids)):  # everybody locks in one order
        submission = queries.lock_submission(session, submission_id)
        if submission is None:
            continue
        if submission.quarantined_at is not None and not release:
            done.in_quarantine += 1
            why = InQuarantine()
        elif (gone_at := removed.removed_at(session, submission)) is not None:
            done.removed += 1
            why = why or removed.error_for(session, submission, gone_at)
        else:
            done.runs.append(_queue(session, submission, by, reason))
    if not done.runs:
        raise why or NothingToRerun()
    return done


def _queue(session: Session, submission: Submission, by: Actor, reason: str) -> Run:
    """Call it with the submission locked."""
    quarantine.end(session, submission, by, reason)
    superseded = retries.supersede(session, submission, by)
    version = courses.current_version(session, submission.assignment_id) or submission.version
    run = runs.add(session, submission, version, RunCause.RERUN, by)
    before = {"status": submission.status.value, "superseded": superseded}
    move(submission, SubmissionEvent.REQUEUED)
    after = {"run": run.id, "version": version.number, "reason": reason}
    audit.record(session, by, "submission.rerun", "submission", submission.id, before=before, after=after)
    return run
