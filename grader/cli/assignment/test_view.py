"""What a person sees of `grader assignment test`: the survivors as they come, a table at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from grader.cli import tables

if TYPE_CHECKING:
    from grader.cli.assignment.testing import Report

MARKDOWN = (
    "Assignment",
    "Points",
    "Solution graded in (s)",
    "its cells and calls",
    "overhead",
    "Mutants caught of made",
    "raised",
    "equivalent",
    "survived",
    "not tried",
    "Cases",
)
COLUMNS = ("Assignment", "Points", "Cases", "Mutants", "Tried", "Caught", "Raised", "Equivalent", "Survived", "Seconds")


def show_mutants(report: Report) -> None:
    """Each survivor with its change, and what to do."""
    tally = report.tally
    if tally is None:
        for line in report.wrong:
            if ": " not in line:
                click.echo(line)
        return
    for stale in tally.stale:
        click.echo(click.style(stale, fg="red"))
    for mutant in tally.survivors:
        checks = ", ".join(tally.points[mutant.id]) or "no check looks at these names"
        click.echo(
            f"{click.style('survives', fg='red')} {mutant.id}  cell {mutant.cell + 1}, line {mutant.line} ({checks})"
        )
        for line in mutant.diff.splitlines():
            click.echo(click.style(f"        {line}", fg="red" if line.startswith("-") else "green"))
    if tally.survivors:
        click.echo(
            "A wrong answer that survives gets every point: strengthen the check. One that is right all the same goes "
            f"into assignments/{report.slug}/mutants.toml as [[equivalent]]: ids and the reason."
        )


def show_markdown(reports: Sequence[Report]) -> None:
    """One row an assignment, for a text about them, and the time of all cases; a dash where something was not asked
    for."""
    click.echo(f"| {' | '.join(MARKDOWN)} |\n|{'---|' * len(MARKDOWN)}")
    for report in reports:
        tally, took = report.tally, report.solution
        seconds: Sequence[str] = ("–",) * 3
        if took is not None:
            seconds = [f"{value:.2f}" for value in (took.total, took.execute, took.overhead)]
        counts: Sequence[object] = ("–",) * 5
        if tally is not None:
            untried = tally.made - tally.tried - len(tally.equivalent)
            caught = f"{tally.caught} of {tally.made}"
            counts = (caught, tally.raised, len(tally.equivalent), len(tally.survivors), untried)
        row = (report.slug, f"{report.points:g}", *seconds, *counts, report.cases or "–")
        click.echo(f"| {' | '.join(map(str, row))} |")
    cases, took_s = sum(report.cases for report in reports), sum(report.cases_s for report in reports)
    click.echo(f"\n{cases} cases of {len(reports)} assignments, graded in {took_s:.0f} s.")


def show_table(reports: Sequence[Report]) -> None:
    """One row an assignment."""
    rows: list[tuple[str, ...]] = []
    for report in reports:
        tally = report.tally
        counts: tuple[object, ...] = ("–",) * 6
        if tally is not None:
            counts = (tally.made, tally.tried, tally.caught, tally.raised, len(tally.equivalent), len(tally.survivors))
        row = (report.slug, f"{report.points:g}", report.cases, *counts, f"{report.seconds:.1f}")
        rows.append(tuple(str(part) for part in row))
    tables.show_table(COLUMNS, rows)
    wrong = sum(bool(report.wrong) for report in reports)
    click.echo(f"{len(reports) - wrong} of {len(reports)} assignments as they must be.")
