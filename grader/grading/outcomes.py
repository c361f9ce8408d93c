"""What became of a message from a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from grader.db.models import Run, Submission


@dataclass(frozen=True)
class Recorded:
    run: Run
    submission: Submission
    retried_as: Run | None = None  # the result was a failure of ours, and this run tries again


@dataclass(frozen=True)
class Duplicate:
    """This run already has its result; nothing was changed."""

    run_id: str


@dataclass(frozen=True)
class Stale:
    """The run is not (or no longer) this worker's; nothing was changed. `why` is for staff."""

    run_id: str
    why: str


@dataclass(frozen=True)
class Alive:
    """The worker holds the run until its lease expires."""

    run_id: str


RecordOutcome: TypeAlias = Recorded | Duplicate | Stale


@dataclass(frozen=True)
class Swept:
    lost: int = 0  # runs whose worker fell silent
    dispatched_again: int = 0  # runs whose job message seems lost
    skipped: bool = False  # another sweep is at it
