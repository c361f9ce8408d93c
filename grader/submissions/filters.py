from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from grader.db.models import Submission, SubmissionStatus, User
from worker.contract import Queue

Row = TypeVar("Row")


@dataclass(frozen=True)
class SubmissionFilter:
    """Which submissions of an assignment; all conditions hold together.

    `text` is looked for in the student's name and e-mail address and in the file's name, in any case.
    Scores are those of the run that counts; with a bound, submissions without a score are left out.
    """

    assignment_id: str
    statuses: tuple[SubmissionStatus, ...] = ()
    text: str = ""
    latest_only: bool = False  # each student's newest submission alone
    score_min: float | None = None
    score_max: float | None = None


@dataclass(frozen=True)
class SubmissionRow:
    submission: Submission
    student: User
    score: float | None
    max_score: float | None
    seconds_total: float | None


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: list[Row]
    total: int  # of all pages


@dataclass(frozen=True)
class QueueLength:
    queue: Queue
    queued: int
    running: int
