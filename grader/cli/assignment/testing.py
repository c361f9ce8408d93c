"""`grader assignment test`: does every right answer get its points, and does no wrong one?"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from grader.cli.exits import FAILED
from grader.cli.packages import assignments_dir, slugs

if TYPE_CHECKING:
    from grader.cli.assignment.examples import Found
    from grader.cli.assignment.grading import PackageGrader
    from grader.cli.assignment.mutants import Tally
    from worker.contract import Seconds

OnMutant = Callable[[int, int], None]


@dataclass
class Report:
    """What the test of one assignment found; `wrong` are sentences, and none where all is as it must be. `solution` is
    what grading the solution took, `cases_s` what all cases took together."""

    slug: str
    points: float
    cases: int = 0
    cases_s: float = 0.0
    wrong: list[str] = field(default_factory=list)
    tally: Tally | None = None
    solution: Seconds | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Wanted:
    """What to test of each assignment; see the options of the command."""

    case_names: tuple[str, ...]
    draws: int
    mutants: bool
    sample: int | None
    only: tuple[str, ...]
    within_s: float | None
    jobs: int
    cache: bool
    unsafe: bool
    quiet: bool


@click.command("test")
@click.argument("slug_names", nargs=-1, metavar="[SLUG]...")
@click.option("--case", "case_names", multiple=True, help="Only this case, and no mutants; repeatable.")
@click.option("--draws", type=click.IntRange(2), metavar="N", help="Every case under N draws of inputs, not one.")
@click.option("--no-mutants", is_flag=True, help="Only solution, starter and cases.")
@click.option("--mutants", "sample", type=click.IntRange(1), metavar="N", help="N mutants of each, always the same.")
@click.option("--mutant", "only", multiple=True, metavar="ID", help="Only this mutant, and no cases; repeatable.")
@click.option(
    "--minutes", type=click.FloatRange(0, min_open=True), metavar="M", help="Begin no mutant of an assignment after M."
)
@click.option("--jobs", "-j", type=click.IntRange(1, 256), help="Notebooks at a time (default: one a core).")
@click.option("--table", is_flag=True, help="The table at the end in Markdown.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an assignment.")
@click.option("--no-cache", is_flag=True, help="Grade every mutant anew.")
@click.option("--unsafe", is_flag=True, help="Without a sandbox. Never for cases that are hostile on purpose.")
def test(
    slug_names: tuple[str, ...],
    case_names: tuple[str, ...],
    draws: int | None,
    no_mutants: bool,
    sample: int | None,
    only: tuple[str, ...],
    minutes: float | None,
    jobs: int | None,
    table: bool,
    as_json: bool,
    no_cache: bool,
    unsafe: bool,
) -> int:
    """Test assignments (all of them by default).

    The solution must get every point, the untouched starter none, and every case exactly what its case.toml says.
    Then the solution is changed in one place at a time. A changed solution that still gets every point survives, and
    fails the test: strengthen the checks, or declare it in mutants.toml with the reason why it is right too.

    Ends with 1 when something is not as it must be.
    """
    from grader.cli.assignment.test_view import show_markdown, show_mutants, show_table

    wanted = Wanted(
        case_names,
        draws or 0,
        mutants=not (no_mutants or case_names),
        sample=sample,
        only=only,
        within_s=None if minutes is None else 60 * minutes,
        jobs=jobs or os.cpu_count() or 1,
        cache=not no_cache,
        unsafe=unsafe,
        quiet=as_json,
    )
    reports = []
    for slug in slug_names or slugs(assignments_dir()):
        begun = time.monotonic()
        report = _test(slug, wanted)
        report.seconds = time.monotonic() - begun
        reports.append(report)
        if as_json:
            click.echo(json.dumps(_facts(report), ensure_ascii=False))
        else:
            show_mutants(report)
    if not any(report.cases or report.tally for report in reports):
        raise click.UsageError("There is no such case." if case_names else "There are no cases to test.")
    if not as_json:
        (show_markdown if table else show_table)(reports)
    return FAILED if any(report.wrong for report in reports) else 0


def _test(slug: str, wanted: Wanted) -> Report:
    from grader.cli.assignment.grading import PackageGrader

    grader = PackageGrader(slug, unsafe=wanted.unsafe)
    report = Report(slug, grader.package.metadata.max_score)
    with grader.warm(wanted.jobs):
        if not wanted.only:
            _test_examples(grader, wanted, report)
        if wanted.mutants:
            _test_mutants(grader, wanted, report)
    return report


def _test_examples(grader: PackageGrader, wanted: Wanted, report: Report) -> None:
    from grader.cli.assignment.examples import run_examples

    begun = time.monotonic()
    for found in run_examples(grader, wanted.case_names, wanted.jobs, wanted.draws):
        report.cases += 1
        report.wrong += [f"{found.name}: {difference}" for difference in found.differences]
        if found.name == "solution":
            report.solution = found.graded
        if not wanted.quiet:
            _say(report.slug, found)
    report.cases_s = time.monotonic() - begun


def _test_mutants(grader: PackageGrader, wanted: Wanted, report: Report) -> None:
    from grader.cli.assignment.cache import Cache, default_folder
    from grader.cli.assignment.mutants import BaselineError, MutantTest

    cache = Cache(grader.package, default_folder() if wanted.cache else None)
    test_of = MutantTest(grader, cache, sample=wanted.sample, only=wanted.only, within_s=wanted.within_s)
    try:
        with _progress(report.slug) as on_mutant:
            report.tally = test_of.run(wanted.jobs, on_mutant)
    except BaselineError as error:
        report.wrong.append(str(error))
    else:
        report.wrong += list(report.tally.stale)
        report.wrong += [f"mutant {mutant.id} survives" for mutant in report.tally.survivors]


def _say(slug: str, found: Found) -> None:
    mark = click.style("wrong", fg="red") if found.differences else click.style("ok   ", fg="green")
    click.echo(f"{mark} {slug}/{found.name} ({found.seconds:.1f} s)")
    for difference in found.differences:
        click.echo(f"        {difference}")


@contextmanager
def _progress(slug: str) -> Iterator[OnMutant]:
    """On standard error, for a person who looks at it."""
    import sys

    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    with click.progressbar(length=1, label=f"mutants of {slug}", file=sys.stderr, show_pos=True) as bar:

        def on_mutant(done: int, of: int) -> None:
            bar.length = of
            bar.update(1)

        yield on_mutant


def _facts(report: Report) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "slug": report.slug,
        "points": report.points,
        "cases": report.cases,
        "cases_s": round(report.cases_s, 1),
        "seconds": round(report.seconds, 1),
        "wrong": report.wrong,
    }
    if report.solution is not None:
        facts["solution"] = {name: round(value, 3) for name, value in vars(report.solution).items()}
    if report.tally is not None:
        tally = report.tally
        facts["mutants"] = {
            "made": tally.made,
            "tried": tally.tried,
            "caught": tally.caught,
            "raised": tally.raised,
            "equivalent": len(tally.equivalent),
            "survived": [
                {"id": m.id, "cell": m.cell, "line": m.line, "diff": m.diff, "checks": list(tally.points[m.id])}
                for m in tally.survivors
            ],
        }
    return facts
