"""Assignment packages from disk: metadata, starter, data files. Never the checks (see `checks_loading`)."""

from __future__ import annotations

import re
from pathlib import Path

from assignments.digest import package_version
from assignments.errors import PackageError
from assignments.metadata import LockedSpec, Metadata, Package
from assignments.notebooks import NotebookRejected, read_notebook
from assignments.schema import AssignmentModel
from assignments.toml_problems import checked

SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
TOML = "assignment.toml"
STARTER = "starter.ipynb"
SOLUTION = "solution.ipynb"
CHECKS = "checks.py"


def load_package(folder: Path) -> Package:
    """Read one assignment. Raises PackageError."""
    folder = folder.resolve()
    if not folder.is_dir():
        raise PackageError(folder, "there is no such folder")
    if not SLUG.match(folder.name):
        raise PackageError(folder, "a package folder is named in lower case letters, digits and single hyphens")
    model = _read_toml(folder / TOML)
    for name in (STARTER, SOLUTION, CHECKS):
        if not (folder / name).is_file():
            raise PackageError(folder / name, "the file is missing; every assignment package needs it")
    metadata = Metadata(
        slug=folder.name,
        title=model.title,
        summary=model.summary,
        environment=model.environment,
        device=model.device,
        gpu_memory_mib=model.gpu_memory_mib,
        figures=model.figures,
        limits=model.limits.spec(),
        answers=tuple(a.spec() for a in model.answers),
        checks=tuple(c.spec() for c in model.checks),
        version=package_version(folder),
        starter_path=folder / STARTER,
        solution_path=folder / SOLUTION,
        data_files=_data_files(folder / "data"),
        policy=model.policy.spec(),
        dates=model.dates.spec(),
        helps=model.helps.spec(),
        locked=_locked(folder, model),
        leaderboard=model.leaderboard.spec() if model.leaderboard is not None else None,
    )
    return Package(folder, metadata)


def load_all(root: Path) -> dict[str, Package]:
    """Every folder of `root` that holds an assignment.toml, by slug, in order of the slugs."""
    if not root.is_dir():
        raise PackageError(root, "there is no such folder")
    folders = sorted(path.parent for path in root.glob(f"*/{TOML}"))
    return {folder.name: load_package(folder) for folder in folders}


def _read_toml(path: Path) -> AssignmentModel:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PackageError(path, "the file is missing; every assignment package needs it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise PackageError(path, f"cannot be read: {error}") from error
    model, problems = checked(path, text, AssignmentModel)
    if not isinstance(model, AssignmentModel):
        raise problems[0]
    return model


def _locked(folder: Path, model: AssignmentModel) -> LockedSpec:
    locked = model.locked.spec()
    if locked.cells:
        try:
            known = {cell.id for cell in read_notebook((folder / STARTER).read_bytes()).cells}
        except NotebookRejected as problem:
            raise PackageError(folder / STARTER, problem.reason) from None
        for name in locked.cells:
            if name not in known:
                raise PackageError(folder / TOML, f"locked.cells: {STARTER} has no cell with the id {name!r}")
    return locked


def _data_files(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path for path in files}
