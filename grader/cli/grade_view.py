"""What a person sees of `grader grade`: a bar while it works, tables at the end."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from grader.cli.tables import console
from worker.contract import CheckResult, GradeStatus, Progress, Verdict

if TYPE_CHECKING:
    from worker.pipeline.batch import FileReport

COLOURS = {
    Verdict.PASSED: "green",
    Verdict.PARTIAL: "yellow",
    Verdict.FAILED: "red",
    Verdict.ERROR: "red",
    Verdict.TIMEOUT: "red",
    Verdict.MISSING: "bright_black",
    Verdict.MANUAL: "blue",
    Verdict.UNAVAILABLE: "magenta",
}


@contextmanager
def progress_bar(files: int) -> Iterator[Callable[[str, Progress], None]]:
    """Yields what is to be called with the progress of each file, from any thread."""
    columns = (
        TextColumn("[bold]grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("grading", total=files, now="")

        def on_progress(file: str, progress: Progress) -> None:
            cell = f" cell {progress.cell} of {progress.cells}" if progress.cells else ""
            bar.update(task, now=escape(f"{os.path.basename(file)}: {progress.stage}{cell}"))
            if progress.stage == "done":
                bar.advance(task)

        yield on_progress


def show(reports: Sequence[tuple[str, FileReport]], *, details: bool) -> None:
    """Tables on standard output: of every check with `details`, and of the files where there are several."""
    out = console()
    if details:
        for name, report in reports:
            _show_one(out, name, report)
    if len(reports) > 1:
        out.print(_overview(reports))


def _show_one(out: Console, name: str, report: FileReport) -> None:
    seconds = report.seconds
    head = Text(name, style="bold")
    if report.status is GradeStatus.GRADED:
        head.append(f"  {report.score:g} of {report.max_score:g} points", style="bold green")
        head.append(f"  in {seconds.total:.1f} s ({seconds.overhead:.1f} s of it ours)", style="dim")
    else:
        head.append(f"  {report.status.value}: {report.reason}", style="bold red")
    out.print(head)
    for notice in report.notices:
        out.print(Text(f"  {notice}", style="yellow"))
    if report.checks:
        out.print(_checks_table(report.checks))


def _checks_table(checks: Sequence[CheckResult]) -> Table:
    table = Table("Check", "Points", "Verdict", "What it says", expand=False)
    table.columns[1].justify = "right"
    for check in checks:
        table.add_row(
            Text(check.title or check.key),
            f"{check.points:g} / {check.max_points:g}",
            Text(check.verdict.value, style=COLOURS[check.verdict]),
            Text(check.message),
        )
    return table


def _overview(reports: Sequence[tuple[str, FileReport]]) -> Table:
    table = Table("File", "Points", "Status", "Checks", "Seconds")
    table.columns[1].justify = table.columns[4].justify = "right"
    for name, report in reports:
        graded = report.status is GradeStatus.GRADED
        counts = Counter(check.verdict.value for check in report.checks)
        table.add_row(
            Text(name),
            f"{report.score:g} / {report.max_score:g}" if graded else "–",
            Text(report.status.value, style="green" if graded else "red"),
            Text(", ".join(f"{n} {verdict}" for verdict, n in counts.items()) if graded else report.reason),
            f"{report.seconds.total:.1f}",
        )
    return table
