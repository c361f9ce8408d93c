"""`grader assignment`: what there is, and whether its example submissions get what they must."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from grader.cli.exits import FAILED
from grader.cli.packages import assignments_dir, environments_file, load_good, package_folder, slugs

if TYPE_CHECKING:
    from assignments.metadata import Package


@click.group()
def assignment() -> None:
    """List, show and test assignments."""


@assignment.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs: one object a line.")
def list_assignments(as_json: bool) -> int:
    """Show every assignment package. Ends with 1 when one of them cannot be used."""
    root = assignments_dir()
    good, wrong = load_good(root)
    packages = [package.metadata for package in good]
    for error in wrong:
        click.echo(f"Not usable: {error}", err=True)
    if as_json:
        for m in packages:
            facts = {"slug": m.slug, "title": m.title, "max_score": m.max_score, "version": m.version}
            click.echo(json.dumps(facts | {"device": m.device, "checks": len(m.checks)}))
        return FAILED if wrong else 0
    from grader.cli.tables import show_table

    show_table(
        ("Slug", "Title", "Checks", "Points", "Runs on", "Version"),
        [(m.slug, m.title, len(m.checks), f"{m.max_score:g}", m.device, m.version[:12]) for m in packages],
        empty=f"No assignments in {root}.",
    )
    return FAILED if wrong else 0


@assignment.command("show")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(slug: str, as_json: bool) -> None:
    """Show the checks, answer fields and limits of one assignment."""
    from assignments.loading import load_package

    package = load_package(package_folder(slug))
    if as_json:
        click.echo(json.dumps(_facts(package)))
        return
    from grader.cli.tables import show_table

    metadata = package.metadata
    click.echo(f"{metadata.title}  ({slug}, {metadata.max_score:g} points, version {metadata.version[:12]})")
    click.echo(f"{metadata.summary}\n" if metadata.summary else "")
    show_table(
        ("Check", "Title", "Points", "Kind", "Watches"),
        [(c.key, c.title, f"{c.points:g}", c.kind, ", ".join(c.watches)) for c in metadata.checks],
    )
    if metadata.answers:
        show_table(("Typed answer", "Label"), [(a.key, a.label) for a in metadata.answers])
    limits = ", ".join(f"{name} {value:g}" for name, value in vars(metadata.limits).items())
    click.echo(f"Environment {metadata.environment}, device {metadata.device}; limits: {limits}")


@assignment.command("test")
@click.argument("slug_names", nargs=-1, metavar="[SLUG]...")
@click.option("--case", "case_names", multiple=True, help="Only this case; repeatable.")
@click.option("--jobs", "-j", type=click.IntRange(1, 256), help="Cases at a time (default: one a core).")
@click.option("--unsafe", is_flag=True, help="Without a sandbox. Never for cases that are hostile on purpose.")
def test(slug_names: tuple[str, ...], case_names: tuple[str, ...], jobs: int | None, unsafe: bool) -> int:
    """Grade the example submissions of assignments (all of them by default) and compare with what they must get.

    Ends with 1 when one of them differs.
    """
    wrong = tried = 0
    for slug in slug_names or slugs(assignments_dir()):
        for name, seconds, differences in _run_cases(slug, case_names, jobs or os.cpu_count() or 1, unsafe):
            tried += 1
            wrong += bool(differences)
            mark = click.style("wrong", fg="red") if differences else click.style("ok   ", fg="green")
            click.echo(f"{mark} {slug}/{name} ({seconds:.1f} s)")
            for difference in differences:
                click.echo(f"        {difference}")
    if not tried:
        raise click.UsageError("There is no such case." if case_names else "There are no cases to test.")
    click.echo(f"{tried - wrong} of {tried} cases as they must be.")
    return FAILED if wrong else 0


def _run_cases(slug: str, names: tuple[str, ...], jobs: int, unsafe: bool) -> Iterator[tuple[str, float, list[str]]]:
    """Yields (case, seconds, differences), in the order of the cases."""
    from assignments.cases import Case, compare_case, load_cases
    from worker.contract import GradeStatus, Limits
    from worker.pipeline.request import GradeRequest
    from worker.pipeline.resolve import Resolver
    from worker.pipeline.run import grade_sync

    folder = package_folder(slug)
    resolver = Resolver(folder.parent, environments_file())
    package = resolver.package(slug)
    environment = resolver.environment(package)
    limits = Limits(**asdict(package.metadata.limits))

    def run(case: Case) -> tuple[str, float, list[str]]:
        begun = time.monotonic()
        request = GradeRequest(case.notebook_bytes, package, environment, limits, answers=case.answers, unsafe=unsafe)
        grading = grade_sync(request, lambda stage, cell=0, cells=0, detail="": None)
        differences = compare_case(case.expected, grading.checks, grading.score)
        if grading.status is not GradeStatus.GRADED:
            differences = [f"{grading.status.value}: {grading.reason} {grading.staff_text}".strip()]
        return case.name, time.monotonic() - begun, differences

    cases = [case for case in load_cases(package.package) if not names or case.name in names]
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(run, cases)


def _facts(package: Package) -> dict[str, object]:
    facts = asdict(package.metadata)
    for name in ("starter_path", "solution_path"):
        del facts[name]
    facts["data_files"] = sorted(package.metadata.data_files)
    facts["max_score"] = package.metadata.max_score
    return facts
