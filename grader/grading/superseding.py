"""A newer attempt takes the place of older ones of the same student that still wait, where the rules say so.

A superseded attempt uses none up and its file is kept. It is graded after all when whoever handed it in asks, or
when the newer one cannot be graded.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Run, RunCause, RunStatus, Submission, SubmissionStatus
from grader.grading import queries, runs
from grader.grading.states import RunEvent, SubmissionEvent, move, step
from grader.groups import queries as groups

_RULES = Actor.system("superseding")
_OWN = (RunCause.SUBMITTED, RunCause.LOST, RunCause.FAILED)  # what staff asked for is not taken back by an upload


def supersede_waiting(session: Session, newer: Submission, student_ids: Sequence[str]) -> list[int]:
    """End the runs of attempts before `newer` that nobody has begun; returns the numbers of these attempts.

    Call it with the uploads of these students held back.
    """
    query = (
        select(Submission.id)
        .where(
            groups.counts_for(session, *student_ids),
            Submission.assignment_id == newer.assignment_id,
            Submission.status == SubmissionStatus.QUEUED,
            Submission.counted_run_id.is_(None),
            Submission.number < newer.number,
        )
        .order_by(Submission.id)
    )
    return [
        older.number
        for submission_id in session.scalars(query).all()
        if (older := queries.lock_submission(session, submission_id)) is not None and _supersede(session, older, newer)
    ]


def revive(session: Session, newer: Submission) -> Run | None:
    """`newer` cannot be graded: the latest of the attempts whose place it took waits again."""
    query = (
        select(Submission.id)
        .where(
            Submission.student_id == newer.student_id,
            Submission.assignment_id == newer.assignment_id,
            Submission.status == SubmissionStatus.SUPERSEDED,
            Submission.superseded_by == newer.number,
        )
        .order_by(Submission.number.desc())
        .limit(1)
    )
    submission_id = session.scalar(query)
    older = queries.lock_submission(session, submission_id) if submission_id is not None else None
    if older is None or older.status is not SubmissionStatus.SUPERSEDED:
        return None
    return run_after_all(session, older, RunCause.SUBMITTED, _RULES)


def run_after_all(session: Session, submission: Submission, cause: RunCause, by: Actor) -> Run:
    """Let a superseded attempt wait again. Call it with the submission locked."""
    version = courses.current_version(session, submission.assignment_id) or submission.version
    run = runs.add(session, submission, version, cause, by)
    move(submission, SubmissionEvent.REQUEUED)
    submission.superseded_by = None
    return run


def _supersede(session: Session, older: Submission, newer: Submission) -> bool:
    run = queries.active_run(session, older.id)
    if run is None or run.status is not RunStatus.QUEUED or run.cause not in _OWN or run.trial_id is not None:
        return False
    note = {"by_attempt": newer.number}
    moves = SubmissionEvent.SUPERSEDED
    if not step(session, older, run, RunEvent.SUPERSEDED, _RULES, moves=moves, note=note):
        return False
    older.superseded_by = newer.number
    return True
