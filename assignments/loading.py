"""Assignment packages from disk: metadata, starter, data files. Never the checks (see `checks_loading`)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from assignments.digest import package_version
from assignments.errors import PackageError
from assignments.metadata import Metadata, Package
from assignments.schema import AssignmentModel
from assignments.toml_lines import key_lines, line_of

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
        limits=model.limits.spec(),
        answers=tuple(a.spec() for a in model.answers),
        checks=tuple(c.spec() for c in model.checks),
        version=package_version(folder),
        starter_path=folder / STARTER,
        solution_path=folder / SOLUTION,
        data_files=_data_files(folder / "data"),
        policy=model.policy.spec(),
        dates=model.dates.spec(),
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
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at.group(1)) if at else None
        raise PackageError(path, f"is not valid TOML: {error}", line=line) from error
    try:
        return AssignmentModel.model_validate(data)
    except ValidationError as error:
        raise _first_problem(path, text, error) from None


def _first_problem(path: Path, text: str, error: ValidationError) -> PackageError:
    first = error.errors(include_url=False, include_context=False)[0]
    location = [part for part in first["loc"] if part not in {"int", "literal['best','last']"}]
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        message = "there is no such key"
    elif first["type"] == "missing":
        message = "this key is missing"
    named = re.match(r"(\w+): (.+)", message, re.DOTALL) if first["type"] == "value_error" else None
    if named:
        # A rule over several keys names the one to mend itself.
        location.append(named.group(1))
        message = named.group(2)
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    return PackageError(path, message, line=line_of(key_lines(text), location), key=key)


def _data_files(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path for path in files}
