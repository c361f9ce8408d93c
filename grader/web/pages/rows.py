"""Rows that several pages share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from grader.db.models import Grade, Submission
from grader.grading.grades import share
from grader.policies.terms import Terms
from grader.policies.words import lateness_text
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
    late: str  # how late, and what that cost; "" in time
    best: bool
    counts: bool
    choose_url: str | None  # where the student may let it count
    url: str


@dataclass(frozen=True)
class Standing:
    """What the marks of a student's attempts follow from."""

    terms: Terms
    grade: Grade | None
    hides: bool
    own: bool  # the reader is the student


def shown_score(submission: Submission, *, hides: bool) -> tuple[float | None, float | None]:
    """The score of a list, of how much. None where there is none, or where hidden checks would show through it."""
    run = submission.counted_run
    if run is None or hides or run.outcome is not GradeStatus.GRADED:
        return None, None
    return run.score, run.max_score


def attempt_rows(attempts: Sequence[Submission], standing: Standing) -> list[AttemptRow]:
    """`attempts` newest first."""
    counts = standing.grade.submission_id if standing.grade is not None and not standing.hides else None
    best = _best(attempts) if not standing.hides else None
    rows = []
    for attempt in attempts:
        score, most = shown_score(attempt, hides=standing.hides)
        rows.append(
            AttemptRow(
                id=attempt.id,
                number=attempt.number,
                created_at=attempt.created_at,
                label=status_label(attempt.status),
                score=score,
                max_score=most,
                same_as=same_file_as(attempt, attempts),
                late=lateness_text(standing.terms, attempt.created_at),
                best=attempt.id == best,
                counts=attempt.id == counts,
                choose_url=_choose_url(attempt, standing, counts),
                url=url_for("submission.page", submission_id=attempt.id),
            )
        )
    return rows


def same_file_as(submission: Submission, attempts: Sequence[Submission]) -> int | None:
    """Number of the latest of `attempts` before this one with the very same file."""
    earlier = [a.number for a in attempts if a.number < submission.number and a.digest == submission.digest]
    return max(earlier, default=None)


def _graded(attempt: Submission) -> bool:
    return attempt.counted_run is not None and attempt.counted_run.outcome is GradeStatus.GRADED


def _best(attempts: Sequence[Submission]) -> str | None:
    """The attempt with the most points; a mark worth showing only where there are several."""
    graded = [(share(a.counted_run), -a.number, a.id) for a in attempts if a.counted_run is not None and _graded(a)]
    return max(graded)[2] if len(graded) > 1 else None


def _choose_url(attempt: Submission, standing: Standing, counts: str | None) -> str | None:
    if not standing.own or standing.terms.policy.counted != "chosen" or attempt.id == counts or not _graded(attempt):
        return None
    return url_for("submission.choose", submission_id=attempt.id)
