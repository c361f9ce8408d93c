"""The dashboards of a course and of one assignment: figures as tiles, plots and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import url_for

from grader.dashboard.figures import (
    BUCKETS,
    AssignmentCounts,
    AssignmentFigures,
    CheckCounts,
    CourseFigures,
    DayCounts,
    Misconception,
    Needs,
    QueueHealth,
    StudentNeed,
    Turnaround,
    WorkerHealth,
)
from grader.dashboard.people import STUCK_ATTEMPTS, STUCK_SHARE
from grader.web import charts, formats
from grader.web.charts import Bars, Series, Strips
from grader.web.labels import VERDICTS
from grader.web.tables import Column, Row, Table, grouped
from worker.contract import Verdict

# How a verdict is drawn; verdicts that are none of the student's mistakes are grey.
LOOKS = {
    Verdict.PASSED: "good",
    Verdict.PARTIAL: "warn",
    Verdict.FAILED: "bad",
    Verdict.ERROR: "bad-dark",
    Verdict.TIMEOUT: "warn-dark",
    Verdict.MISSING: "calm",
    Verdict.MANUAL: "info",
    Verdict.UNAVAILABLE: "calm-dark",
}


@dataclass(frozen=True)
class Tile:
    text: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class DashboardPage:
    title: str
    course_name: str
    course_slug: str
    slug: str  # of the assignment, or ""
    tiles: list[Tile]
    plots: list[Bars]
    checks: Strips | None
    misconceptions: list[Misconception]
    tables: list[Table]  # in this order, below the plots
    csv_only: list[Table]

    def table(self, key: str) -> Table | None:
        drawn = [plot.table for plot in self.plots] + ([self.checks.table] if self.checks else [])
        return next((t for t in (*drawn, *self.tables, *self.csv_only) if t.key == key), None)


def course_dashboard(title: str, slug: str, figures: CourseFigures, today: date | None = None) -> DashboardPage:
    counts = figures.assignments
    return DashboardPage(
        title=title,
        course_name=title,
        course_slug=slug,
        slug="",
        tiles=_tiles(counts, figures.needs, figures.turnaround),
        plots=[_days(figures.days, today), _scores(figures.scores)],
        checks=None,
        misconceptions=[],
        tables=[_assignments(slug, counts), *_health(figures.queues, figures.workers), *_people(figures.needs)],
        csv_only=[],
    )


def assignment_dashboard(
    title: str, course_title: str, course_slug: str, figures: AssignmentFigures, today: date | None = None
) -> DashboardPage:
    found = figures.misconceptions
    return DashboardPage(
        title=title,
        course_name=course_title,
        course_slug=course_slug,
        slug=figures.counts.slug,
        tiles=_tiles([figures.counts], figures.needs, figures.turnaround),
        plots=[_days(figures.days, today), _scores(figures.scores)],
        checks=_checks(figures.checks),
        misconceptions=found,
        tables=[*_people(figures.needs), *_health(figures.queues, figures.workers)],
        csv_only=[_misconceptions(found)],
    )


def _tiles(counts: Sequence[AssignmentCounts], needs: Needs, turnaround: Turnaround) -> list[Tile]:
    submitted = sum(c.submitted for c in counts)
    waiting = sum(c.waiting for c in counts)
    slowest = f"95 % within {formats.seconds(turnaround.p95_s)}" if turnaround.runs else ""
    return [
        Tile("Submissions", grouped(submitted), f"{waiting} waiting"),
        Tile("Graded", _part(sum(c.graded for c in counts), submitted)),
        Tile("Not gradable or failed", _part(sum(c.failed for c in counts), submitted)),
        Tile("Late", _part(sum(c.late for c in counts), submitted)),
        Tile("Have not started", str(needs.not_started_total), f"of {formats.count(needs.students, 'student')}"),
        Tile("Stuck", str(needs.stuck_total), f"{STUCK_ATTEMPTS} attempts, below {STUCK_SHARE:.0%}"),
        Tile("Result after", formats.seconds(turnaround.median_s), slowest),
    ]


def _part(part: int, whole: int) -> str:
    share = f" ({part / whole:.0%})" if whole else ""
    return grouped(part) + share


def _days(days: Sequence[DayCounts], today: date | None) -> Bars:
    shown = _without_gaps(days, today or datetime.now(UTC).date())
    rows = tuple(Row((d.day, d.submitted, d.graded, d.failed, d.waiting, d.late)) for d in shown)
    columns = ("Submitted", "Graded", "Not gradable or failed", "Waiting", "Late")
    table = Table("days", "Submissions by day", (Column("Day (UTC)"), *(Column(c, "count") for c in columns)), rows)
    series = [
        Series("Graded", "good", tuple(float(d.graded) for d in shown)),
        Series("Not gradable or failed", "bad", tuple(float(d.failed) for d in shown)),
        Series("Waiting", "info", tuple(float(d.waiting) for d in shown)),
    ]
    return charts.bars("Submissions by day", [d.day for d in shown], series, table)


def _without_gaps(days: Sequence[DayCounts], today: date) -> list[DayCounts]:
    """Every day from the first with a submission until today: a quiet week is to look like one."""
    if not days:
        return []
    found = {d.day: d for d in days}
    first = date.fromisoformat(days[0].day)
    last = max(today, date.fromisoformat(days[-1].day))
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [found.get(day.isoformat(), DayCounts(day.isoformat(), 0, 0, 0, 0)) for day in every]


def _scores(scores: Sequence[int]) -> Bars:
    step = 100 // BUCKETS
    names = [f"{i * step} to {(i + 1) * step} %" for i in range(BUCKETS)]
    rows = tuple(Row((name, count)) for name, count in zip(names, scores, strict=True))
    table = Table("scores", "Scores", (Column("Share of the points"), Column("Students", "count")), rows)
    return charts.bars("Scores", names, [Series("Grades", "info", tuple(map(float, scores)))], table)


def _checks(checks: Sequence[CheckCounts]) -> Strips:
    texts = {verdict.value: VERDICTS[verdict].text for verdict in LOOKS}
    strips = tuple(
        charts.strip(
            check.title,
            f"{check.pass_rate:.0%} right",
            [(look, texts[verdict], check.verdicts.get(verdict, 0)) for verdict, look in LOOKS.items()],
        )
        for check in checks
    )
    used = [verdict for verdict in LOOKS if any(verdict.value in check.verdicts for check in checks)]
    columns = (
        Column("Check"),
        Column("Pass rate", "share"),
        Column("Mean of the points", "share"),
        *(Column(texts[verdict], "count") for verdict in used),
    )
    rows = tuple(
        Row((c.title, c.pass_rate, c.mean_share, *(c.verdicts.get(verdict.value, 0) for verdict in used)))
        for c in checks
    )
    table = Table("checks", "Pass rate of each check", columns, rows)
    return Strips("Pass rate of each check", strips, tuple((LOOKS[v], texts[v]) for v in used), table)


def _misconceptions(found: Sequence[Misconception]) -> Table:
    columns = (Column("Check"), Column("Mistake"), Column("Students", "count"), Column("Attempts", "count"))
    rows = tuple(Row((m.title, m.diagnosis, m.students, m.attempts, m.message)) for m in found)
    return Table("mistakes", "What is behind wrong answers", (*columns, Column("Message")), rows)


def _assignments(course_slug: str, counts: Sequence[AssignmentCounts]) -> Table:
    names = ("Submitted", "Graded", "Failed", "Waiting", "Late", "Students")
    columns = (
        Column("Assignment"),
        Column("Due", "time"),
        *(Column(name, "count") for name in names),
        Column("Mean", "share"),
    )
    address: dict[str, Any] = {"course_slug": course_slug}
    rows = tuple(
        Row(
            (c.title, c.due_at, c.submitted, c.graded, c.failed, c.waiting, c.late, c.students, c.mean_share),
            url_for("dashboard.assignment", slug=c.slug, **address),
        )
        for c in counts
    )
    return Table("assignments", "Assignments", columns, rows, "No assignment yet.")


def _people(needs: Needs) -> list[Table]:
    columns = (Column("Student"), Column("E-mail"), Column("Section"))
    idle = tuple(Row((s.name or s.email, s.email, s.section)) for s in needs.not_started)
    stuck = tuple(_stuck(s) for s in needs.stuck)
    more = (Column("Attempts", "count"), Column("Points", "share"), Column("Last", "time"))
    return [
        Table("stuck", _headed("Stuck", stuck, needs.stuck_total), (*columns, *more), stuck, "Nobody is stuck."),
        Table(
            "not-started",
            _headed("Have not started", idle, needs.not_started_total),
            columns,
            idle,
            "Everybody has handed something in.",
        ),
    ]


def _stuck(s: StudentNeed) -> Row:
    return Row((s.name or s.email, s.email, s.section, s.attempts, s.best_share, s.last_at))


def _headed(title: str, rows: Sequence[Row], total: int) -> str:
    return title if len(rows) == total else f"{title}: the first {len(rows)} of {total}"


def _health(queues: Sequence[QueueHealth], workers: Sequence[WorkerHealth]) -> list[Table]:
    lines = tuple(Row((q.queue.value, q.waiting, q.running, q.oldest_at)) for q in queues)
    queue_columns = (
        Column("Queue"), Column("Waiting", "count"), Column("Running", "count"), Column("Oldest waits since", "time"),
    )  # fmt: skip
    busy = tuple(Row((w.name, w.running, w.finished, w.failed, w.seen_at)) for w in workers)
    worker_columns = (
        Column("Worker"), Column("Running", "count"), Column("Finished", "count"),
        Column("Failed or lost", "count"), Column("Last heard of", "time"),
    )  # fmt: skip
    return [
        Table("queues", "Queues", queue_columns, lines),
        Table("workers", "Workers in the last hour", worker_columns, busy, "No worker graded in the last hour."),
    ]
