"""`grader assignment lint`: what is wrong with a package, and what is unwise."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.exits import FAILED
from grader.cli.json_lines import json_option, show_lines
from grader.cli.packages import assignments_dir, package_folder, slugs

if TYPE_CHECKING:
    from assignments.linting import Remark

COLOURS = {"error": "red", "warning": "yellow"}


@click.command("lint")
@click.argument("slug_names", nargs=-1, metavar="[SLUG]...")
@json_option
@click.option("--strict", is_flag=True, help="End with 1 for warnings too.")
def lint(slug_names: tuple[str, ...], as_json: bool, strict: bool) -> int:
    """Read assignments (all of them by default) and say what is wrong and what is unwise. Runs nothing of them.

    Ends with 1 when something is wrong.
    """
    from assignments.linting import lint as lint_folder

    chosen = slug_names or slugs(assignments_dir())
    remarks: list[Remark] = []
    for slug in chosen:
        found = lint_folder(package_folder(slug))
        remarks += found
        if as_json:
            show_lines(_facts(slug, remark) for remark in found)
        else:
            for remark in found:
                click.echo(_line(remark))
    errors = sum(remark.severity == "error" for remark in remarks)
    if not as_json:
        click.echo(f"{len(chosen)} assignments: {errors} errors, {len(remarks) - errors} warnings.")
    return FAILED if errors or (strict and remarks) else 0


def _line(remark: Remark) -> str:
    key = f" {remark.key}:" if remark.key else ""
    advice = f" ({remark.advice})" if remark.advice else ""
    where = remark.where.replace(str(remark.path), _short(remark.path))
    return f"{where}: {click.style(remark.severity, fg=COLOURS[remark.severity])}:{key} {remark.text}{advice}"


def _short(path: Path) -> str:
    near = os.path.relpath(path)
    return near if not near.startswith("..") else str(path)


def _facts(slug: str, remark: Remark) -> dict[str, Any]:
    facts = {**vars(remark), "path": str(remark.path), "slug": slug}
    return {key: value for key, value in facts.items() if value not in (None, "")}
