"""Putting the points that people gave into a run's result, so that every score there is counts them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.db.models import CheckResultRow, Mark, Run
from worker.contract import GradeStatus, Verdict

BY_HAND = "Marked by a person."


def apply(session: Session, run: Run, *, fresh: bool = False) -> None:
    """Bring the checks and the score of a graded run up to the marks of its submission. Lock the submission first.

    `fresh`: the run has just brought its result, so its checks say what they themselves concluded.
    """
    if run.outcome is not GradeStatus.GRADED:
        return
    query = select(Mark).where(Mark.submission_id == run.submission_id)
    marks = {mark.check_key: mark for mark in session.scalars(query)}
    if not marks:
        return
    rows = list(session.scalars(select(CheckResultRow).where(CheckResultRow.run_id == run.id)))
    for row in rows:
        if (mark := marks.get(row.key)) is not None:
            if fresh:
                note_automatic(mark, row)
            _into(row, mark)
    run.score = round(sum(row.points for row in rows), 2)
    session.flush()


def note_automatic(mark: Mark, row: CheckResultRow) -> None:
    """Keep what the check itself concluded, before a person's word takes its place."""
    mark.automatic = {"points": row.points, "verdict": row.verdict.value, "message": row.message}


def _into(row: CheckResultRow, mark: Mark) -> None:
    row.points = min(mark.points, row.max_points)
    row.verdict = _verdict(row)
    automatic = mark.automatic or {}
    by_hand = automatic.get("verdict", Verdict.MANUAL.value) == Verdict.MANUAL.value
    row.message = mark.comment or (BY_HAND if by_hand else str(automatic.get("message", "")))


def _verdict(row: CheckResultRow) -> Verdict:
    if row.points >= row.max_points:
        return Verdict.PASSED
    return Verdict.PARTIAL if row.points > 0 else Verdict.FAILED
