"""`grader assignment list` and `show`: what there is."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from grader.cli.exits import FAILED
from grader.cli.json_lines import json_option, show_lines
from grader.cli.packages import assignments_dir, load_good, package_folder

if TYPE_CHECKING:
    from assignments.metadata import Package


@click.command("list")
@json_option
def list_assignments(as_json: bool) -> int:
    """Show every assignment package. Ends with 1 when one of them cannot be used."""
    root = assignments_dir()
    good, wrong = load_good(root)
    packages = [package.metadata for package in good]
    for error in wrong:
        click.echo(f"Not usable: {error}", err=True)
    if as_json:
        show_lines(
            {
                "slug": m.slug,
                "title": m.title,
                "max_score": m.max_score,
                "version": m.version,
                "device": m.device,
                "checks": len(m.checks),
            }
            for m in packages
        )
        return FAILED if wrong else 0
    from grader.cli.tables import show_table

    show_table(
        ("Slug", "Title", "Checks", "Points", "Runs on", "Version"),
        [(m.slug, m.title, len(m.checks), f"{m.max_score:g}", m.device, m.version[:12]) for m in packages],
        empty=f"No assignments in {root}.",
    )
    return FAILED if wrong else 0


@click.command("show")
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


def _facts(package: Package) -> dict[str, object]:
    facts = asdict(package.metadata)
    for name in ("starter_path", "solution_path"):
        del facts[name]
    facts["data_files"] = sorted(package.metadata.data_files)
    facts["max_score"] = package.metadata.max_score
    return facts
