"""All rules over one package."""

from __future__ import annotations

from pathlib import Path

from assignments.errors import PackageError
from assignments.linting.case_rules import case_remarks
from assignments.linting.check_rules import check_remarks
from assignments.linting.metadata_rules import metadata_remarks
from assignments.linting.notebook_rules import notebook_remarks
from assignments.linting.remark import ERROR, Draft, Remark, of_error
from assignments.loading import SOLUTION, STARTER, TOML, load_package
from assignments.metadata import Package
from assignments.notebooks import NotebookRejected, read_notebook
from assignments.schema import AssignmentModel
from assignments.toml_lines import key_lines
from assignments.toml_problems import checked


def lint(folder: Path) -> list[Remark]:
    """Everything there is to say, errors first, then by file and line."""
    path = folder / TOML
    if path.is_file():
        try:
            _, problems = checked(path, path.read_text(encoding="utf-8"), AssignmentModel)
        except (OSError, UnicodeDecodeError) as error:
            return [Remark(ERROR, "toml", path, f"cannot be read: {error}")]
        if problems:
            return [of_error(problem, "toml") for problem in problems]
    try:
        package = load_package(folder)
    except PackageError as error:
        return [of_error(error, "package")]
    draft, remarks = _draft(package)
    if draft is not None:
        for rules in (metadata_remarks, notebook_remarks, check_remarks, case_remarks):
            remarks += rules(draft)
    return sorted(remarks, key=lambda r: (r.severity, str(r.path), r.line or 0, r.cell or 0, r.rule))


def _draft(package: Package) -> tuple[Draft | None, list[Remark]]:
    notebooks, remarks = [], []
    for name in (STARTER, SOLUTION):
        path = package.folder / name
        try:
            notebooks.append(read_notebook(path.read_bytes()).cells)
        except NotebookRejected as error:
            remarks.append(Remark(ERROR, "notebook", path, error.reason))
    if remarks:
        return None, remarks
    lines = key_lines((package.folder / TOML).read_text(encoding="utf-8"))
    return Draft(package, lines, *notebooks), []
