"""The figures of a dashboard, as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.contract import Queue

BUCKETS = 10  # of the score distribution: 0 to under 10 %, … 90 to 100 %


@dataclass(frozen=True)
class AssignmentCounts:
    """How an assignment of the course stands. Counts are of submissions unless they say otherwise."""

    slug: str
    title: str
    due_at: datetime | None
    submitted: int
    graded: int
    failed: int  # grading failed (ours) or the file was not gradable
    waiting: int  # queued or running
    late: int
    students: int  # who handed in at least once
    mean_share: float | None  # of the points, over the grades


@dataclass(frozen=True)
class DayCounts:
    """Submissions handed in on one day (UTC)."""

    day: str
    graded: int
    failed: int
    waiting: int
    late: int  # among the others

    @property
    def submitted(self) -> int:
        return self.graded + self.failed + self.waiting


@dataclass(frozen=True)
class CheckCounts:
    """How the submissions that count for their students did in one check."""

    key: str
    title: str
    verdicts: dict[str, int]
    mean_share: float

    @property
    def total(self) -> int:
        return sum(self.verdicts.values())

    @property
    def passed(self) -> int:
        return self.verdicts.get("passed", 0)

    @property
    def pass_rate(self) -> float:
        return self.passed / self.total if self.total else 0.0


@dataclass(frozen=True)
class Misconception:
    """One way to be wrong, over all graded attempts."""

    check: str
    title: str
    diagnosis: str
    students: int
    attempts: int
    message: str  # what one of them was told
    examples: tuple[str, ...]  # ids of the newest submissions with it


@dataclass(frozen=True)
class StudentNeed:
    """A student who may want a hand."""

    user_id: str
    name: str
    email: str
    section: str
    attempts: int
    best_share: float | None
    last_at: datetime | None


@dataclass(frozen=True)
class Needs:
    students: int  # enrolled
    not_started: list[StudentNeed]  # the first of them by name
    not_started_total: int
    stuck: list[StudentNeed]
    stuck_total: int


@dataclass(frozen=True)
class Turnaround:
    """Seconds from handing in to the result, over the newest runs."""

    runs: int
    median_s: float | None
    p95_s: float | None


@dataclass(frozen=True)
class QueueHealth:
    queue: Queue
    waiting: int
    running: int
    oldest_at: datetime | None  # of those that wait


@dataclass(frozen=True)
class WorkerHealth:
    name: str
    running: int
    finished: int  # within the last hour
    failed: int
    seen_at: datetime | None


@dataclass(frozen=True)
class CourseFigures:
    assignments: list[AssignmentCounts]
    days: list[DayCounts]
    scores: list[int]  # grades in each of BUCKETS
    needs: Needs
    turnaround: Turnaround
    queues: list[QueueHealth]
    workers: list[WorkerHealth]


@dataclass(frozen=True)
class AssignmentFigures:
    counts: AssignmentCounts
    days: list[DayCounts]
    scores: list[int]
    checks: list[CheckCounts]
    misconceptions: list[Misconception]
    needs: Needs
    turnaround: Turnaround
    queues: list[QueueHealth]
    workers: list[WorkerHealth]
