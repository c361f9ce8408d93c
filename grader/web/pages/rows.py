"""Rows that several pages share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from grader.db.models import Submission
from grader.web.labels import Label, status_label
from worker.contract import GradeStatus


@dataclass(frozen=True)
class AttemptRow:
    id: str
    number: int
    created_at: datetime
    label: Label
    score: float | None
    max_score: float | None
    same_as: int | None  # number of the attempt before it with the same file
    url: str


def shown_score(submission: Submission, *, hides: bool) -> tuple[float | None, float | None]:
    """The score of a list, of how much. None where there is none, or where hidden checks would show through it."""
    run = submission.counted_run
    if run is None or hides or run.outcome is not GradeStatus.GRADED:
        return None, None
    return run.score, run.max_score


def attempt_rows(attempts: Sequence[Submission], *, hides: bool) -> list[AttemptRow]:
    """`attempts` newest first."""
    rows = []
    for attempt in attempts:
        score, most = shown_score(attempt, hides=hides)
        rows.append(
            AttemptRow(
                id=attempt.id,
                number=attempt.number,
                created_at=attempt.created_at,
                label=status_label(attempt.status),
                score=score,
                max_score=most,
                same_as=same_file_as(attempt, attempts),
                url=url_for("submission.page", submission_id=attempt.id),
            )
        )
    return rows


def same_file_as(submission: Submission, attempts: Sequence[Submission]) -> int | None:
    """Number of the latest of `attempts` before this one with the very same file."""
    earlier = [a.number for a in attempts if a.number < submission.number and a.digest == submission.digest]
    return max(earlier, default=None)
