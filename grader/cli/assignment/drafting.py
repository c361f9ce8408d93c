"""Drafting a package from a solved notebook: tries the functions, writes the files, grades the cases."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from assignments.drafting.cells import Cell
from assignments.drafting.from_solution import Draft, Shape
from assignments.drafting.functions import DraftError
from assignments.drafting.recording import case_toml
from assignments.drafting.skeleton import write
from assignments.loading import SOLUTION, STARTER
from assignments.notebooks import NotebookRejected, read_notebook
from grader.cli.assignment.grading import PackageGrader
from worker.contract import GradeStatus
from worker.pipeline.request import Grading


def draft(folder: Path, title: str, notebook: Path, wanted: tuple[str, ...], *, unsafe: bool) -> None:
    """Writes the package `folder`, or nothing. Raises DraftError and MarkerError."""
    try:
        cells: list[Cell] = [(c.cell_type, c.source) for c in read_notebook(notebook.read_bytes()).cells]
    except NotebookRejected as error:
        raise DraftError(f"{notebook}: {error.reason}") from None
    plan = Draft(folder.name, title, cells, wanted)
    with tempfile.TemporaryDirectory(prefix="grader-new-") as scratch:
        # Where root starts it, the process that compares is another user, who may read what is inside but not find it.
        Path(scratch).chmod(0o711)
        root = Path(scratch) / "packages"
        root.mkdir(mode=0o755)
        shapes = _shapes(plan, root, unsafe)
        files = plan.package(shapes)
        files |= _cases(plan, files, root, unsafe)
    write(folder, files)


def _shapes(plan: Draft, root: Path, unsafe: bool) -> dict[str, Shape]:
    files = plan.probe()
    write(root / "probe", files)
    grading = _graded(PackageGrader("probe", root=root, unsafe=unsafe), files[SOLUTION], "the notebook")
    said = next(check.staff_message or check.message for check in grading.checks)
    try:
        found = json.loads(said)
    except ValueError:
        raise DraftError(f"The functions could not be tried: {said}") from None
    for function in plan.functions:
        if function.name not in found:
            raise DraftError(
                f"{function.name}: no arguments were found for which it returns numbers (tried vectors, single numbers "
                "and matrices). Leave it out with --function, and write its check by hand"
            )
    return {name: Shape(*values) for name, values in found.items()}


def _cases(plan: Draft, files: dict[str, str], root: Path, unsafe: bool) -> dict[str, str]:
    """Each case's notebook and result; what must be right or wrong is seen to be so."""
    write(root / plan.slug, files)
    grader = PackageGrader(plan.slug, root=root, unsafe=unsafe)
    full = grader.package.metadata.max_score
    wanted = {"solution": ("The solution.", files[SOLUTION]), "starter": ("The untouched starter.", files[STARTER])}
    written: dict[str, str] = {}
    for name, (description, text) in (wanted | plan.cases()).items():
        grading = _graded(grader, text, f"the case {name}")
        right = name == "solution" or name.startswith("right")
        if (grading.score >= full) != right:
            said = "; ".join(f"{check.key}: {check.message}" for check in grading.checks)
            click.echo(f"Case {name}: {grading.score:g} of {full:g} points, which is worth a look. {said}", err=True)
        if name not in wanted:
            written[f"cases/{name}/notebook.ipynb"] = text
        written[f"cases/{name}/case.toml"] = case_toml(description, {}, grading.checks, grading.score)
        if name in wanted:
            for cell in grading.cells:
                if cell.status != "ok":
                    click.echo(f"{name}.ipynb: cell {cell.index + 1} fails: {cell.error}. Mend it there.", err=True)
    return written


def _graded(grader: PackageGrader, notebook: str, what: str) -> Grading:
    grading = grader.grade(notebook.encode())
    if grading.status is not GradeStatus.GRADED:
        raise DraftError(f"{what} could not be graded: {grading.reason} {grading.staff_text}".strip())
    return grading
