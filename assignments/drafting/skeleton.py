"""The package that `grader assignment new` writes: small, complete, and right from the first moment."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from assignments.drafting.cells import cells_of_text, notebook_text, solution_of, starter_of
from assignments.errors import PackageError
from assignments.loading import CHECKS, SLUG, SOLUTION, STARTER, TOML

TEMPLATE = Path(__file__).parent / "template"


def skeleton(slug: str, title: str) -> dict[str, str]:
    """The files of a new package, by their names in it."""
    cells = cells_of_text(filled((TEMPLATE / "notebook.txt").read_text(encoding="utf-8"), slug, title))
    files = {
        TOML: filled((TEMPLATE / "assignment.toml.txt").read_text(encoding="utf-8"), slug, toml_text(title)),
        CHECKS: filled((TEMPLATE / "checks.py.txt").read_text(encoding="utf-8"), slug, _for_docstring(title)),
        STARTER: notebook_text(starter_of(cells)),
        SOLUTION: notebook_text(solution_of(cells)),
    }
    for path in sorted((TEMPLATE / "cases").glob("*.toml")):
        files |= _case(path)
    return files


def filled(text: str, slug: str, title: str) -> str:
    return text.replace("{{slug}}", slug).replace("{{title}}", title)


def toml_text(text: str) -> str:
    """For the inside of a TOML string."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _for_docstring(text: str) -> str:
    return text.replace("\\", "/").replace('"', "'")


def _case(path: Path) -> dict[str, str]:
    """Its result and, but for the starter and the solution, its notebook."""
    folder = f"cases/{path.stem}"
    files = {f"{folder}/case.toml": path.read_text(encoding="utf-8")}
    notebook = path.with_suffix(".txt")
    if notebook.exists():
        files[f"{folder}/notebook.ipynb"] = notebook_text(cells_of_text(notebook.read_text(encoding="utf-8")))
    return files


def require_new(root: Path, slug: str) -> Path:
    """The folder that a new package gets. Raises PackageError where the name cannot be or is taken."""
    folder = root / slug
    if not SLUG.match(slug):
        raise PackageError(folder, "a package folder is named in lower case letters, digits and single hyphens")
    if folder.exists():
        raise PackageError(folder, "is there already; nothing was written. Choose another name, or remove it first")
    return folder


def write(folder: Path, files: Mapping[str, str]) -> None:
    """All files or none: what is half written is never taken for a package."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        for name, text in files.items():
            path = staging / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        staging.chmod(0o755)
        staging.rename(folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
