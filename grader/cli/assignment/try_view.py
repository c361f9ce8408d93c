"""What staff see of one graded notebook."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from grader.cli.grade_view import COLOURS
from grader.cli.tables import console
from worker.contract import CheckResult, GradeStatus
from worker.pipeline.request import Grading


def show(grading: Grading) -> None:
    """Every check with its diagnosis and its text for staff, every cell that did not end well, notices and times."""
    out = console()
    graded = grading.status is GradeStatus.GRADED
    points = f"{grading.score:g} of {grading.max_score:g} points"
    out.print(Text(points if graded else f"{grading.status.value}: {grading.reason}", style="bold"))
    if grading.checks:
        out.print(_table(grading))
    for cell in grading.cells:
        if cell.status != "ok":
            out.print(Text(f"Cell {cell.index + 1}: {cell.status} {cell.error}".rstrip(), style="red"))
    for notice in grading.notices:
        out.print(Text(notice, style="yellow"))
    if grading.staff_text:
        out.print(Text(grading.staff_text, style="magenta"))
    seconds = grading.seconds
    out.print(Text(f"{seconds.total:.2f} s, of it the notebook {seconds.execute:.2f} s", style="dim"))


def _table(grading: Grading) -> Table:
    table = Table("Check", "Points", "Verdict", "Diagnosis", "What the student reads, and below it what staff do")
    table.columns[1].justify = "right"
    for check in grading.checks:
        table.add_row(
            Text(check.key),
            f"{check.points:g} / {check.max_points:g}",
            Text(check.verdict.value, style=COLOURS[check.verdict]),
            Text(check.diagnosis or ""),
            _texts(check),
        )
    return table


def _texts(check: CheckResult) -> Text:
    text = Text(check.message)
    if check.staff_message:
        text.append(f"\n{check.staff_message}", style="dim")
    return text
