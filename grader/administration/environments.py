"""Which Python packages students' kernels have, read from the environments on this machine."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path


@dataclass(frozen=True)
class EnvironmentView:
    name: str
    interpreter: str
    packages: tuple[tuple[str, str], ...]  # (name, version)
    problem: str = ""


def environments(path: Path) -> list[EnvironmentView]:
    """Those of `environments.toml`; one that is not on this machine says so."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("environment", [])
    except (OSError, ValueError) as error:
        return [EnvironmentView(path.name, "", (), f"{path.name} cannot be read: {type(error).__name__}")]
    return [_view(table, path.parent) for table in tables if isinstance(table, dict)]


def _view(table: dict[str, object], folder: Path) -> EnvironmentView:
    name, interpreter = str(table.get("name", "")), str(table.get("interpreter", ""))
    places = [str(p) for p in (folder / interpreter).parent.parent.glob("lib/python3*/site-packages")]
    if not places:
        return EnvironmentView(name, interpreter, (), "It is not on this machine; ask `grader doctor` on a worker.")
    found = {(d.metadata["Name"] or "", d.version or "") for d in distributions(path=places)}
    return EnvironmentView(name, interpreter, tuple(sorted(found, key=lambda p: p[0].lower())))
