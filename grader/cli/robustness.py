"""`grader robustness`: one notebook again under other seeds. Information for instructors; no grade depends on it."""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.exits import FAILED
from grader.cli.packages import environments_file, package_folder, parse_answers

if TYPE_CHECKING:
    from worker.pipeline.batch import FileReport

STEP = 1_000  # between the seeds of two runs


@click.command()
@click.argument("notebook", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--assignment", "-a", "slug", required=True, metavar="SLUG", help="Which assignment it answers.")
@click.option("--runs", "-n", default=5, show_default=True, type=click.IntRange(1, 100), help="With other seeds.")
@click.option("--jobs", "-j", default=1, show_default=True, type=click.IntRange(1, 256), help="Runs at a time.")
@click.option("--answer", "answers", multiple=True, metavar="KEY=VALUE", help="A typed answer; for every run.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a run.")
def robustness(notebook: Path, slug: str, runs: int, jobs: int, answers: tuple[str, ...], as_json: bool) -> int:
    """Grade NOTEBOOK as it is and again with other seeds, to see how much of its result is luck.

    A number is added to every seed that its cells set. Rules that ask for the given seed then fail, as they must.
    """
    from assignments.loading import load_package
    from assignments.notebooks import NotebookRejected
    from assignments.reseeding import reseeded
    from worker.pipeline.batch import grade_files

    folder = package_folder(slug)
    given = parse_answers(answers, [field.key for field in load_package(folder).metadata.answers])
    with tempfile.TemporaryDirectory(prefix="grader-seeds-") as place:
        try:
            variants = [reseeded(notebook.read_bytes(), STEP * run) for run in range(runs + 1)]
        except NotebookRejected as problem:
            raise click.ClickException(f"{notebook}: {problem.reason}") from None
        files = [Path(place) / f"{run}.ipynb" for run in range(runs + 1)]
        for file, (data, _) in zip(files, variants, strict=True):
            file.write_bytes(data)
        reports = list(
            grade_files(files, package_folder=folder, environments_file=environments_file(), answers=given, jobs=jobs)
        )
    if as_json:
        for run, report in enumerate(reports):
            click.echo(json.dumps({**report.to_json(), "file": str(notebook), "seeds_plus": STEP * run}))
    else:
        _show(reports, seeds=variants[0][1])
    return FAILED if any(report.status.value == "failed" for report in reports) else 0


def _show(reports: list[FileReport], seeds: int) -> None:
    if not seeds:
        click.echo("No cell sets a seed to a number: runs differ by themselves, if they differ.")
    for run, report in enumerate(reports):
        name = "as it is" if run == 0 else f"seeds + {STEP * run}"
        click.echo(f"\n{name}: {report.score:g} of {report.max_score:g} points {report.reason}".rstrip())
        for check in report.checks:
            click.echo(f"  {check.key}: {check.points:g} of {check.max_points:g}. {check.message}")
    scores = [report.score for report in reports[1:]]
    spread = f"{min(scores):g} to {max(scores):g} points, median {statistics.median(scores):g}"
    click.echo(f"\nUnder other seeds: {spread}.")
