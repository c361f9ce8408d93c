"""Which Pythons students' notebooks run in: `environments.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from worker.gpu.discovery import Gpu

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class EnvironmentsError(ValueError):
    """`environments.toml` cannot be used. The text names the file and the key."""


@dataclass(frozen=True)
class Environment:
    name: str
    interpreter: Path
    preload: tuple[str, ...] = ()  # modules that a warm parent imports; none: every kernel is started from nothing
    gpu: Gpu | None = None  # that its kernels may use; never from the file, but given by worker.gpu.use


def load_environments(path: Path) -> dict[str, Environment]:
    """The environments by name. Raises EnvironmentsError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise EnvironmentsError(f"{path}: cannot be read ({problem.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise EnvironmentsError(f"{path}: is not valid TOML: {problem}") from None
    unknown = sorted(set(data) - {"environment"})
    if unknown:
        raise EnvironmentsError(f"{path}: unknown key {unknown[0]!r}; only [[environment]] tables are known")
    tables = data.get("environment", [])
    if not isinstance(tables, list) or not tables:
        raise EnvironmentsError(f"{path}: environment: at least one [[environment]] table is needed")
    found: dict[str, Environment] = {}
    for number, table in enumerate(tables, start=1):
        environment = _environment(table, f"{path}: environment number {number}", path.parent)
        if environment.name in found:
            raise EnvironmentsError(f"{path}: environment number {number}: name {environment.name!r} is used twice")
        found[environment.name] = environment
    return found


def _environment(table: object, where: str, folder: Path) -> Environment:
    if not isinstance(table, dict):
        raise EnvironmentsError(f"{where}: must be a table")
    for key in sorted(set(table) - {"name", "interpreter", "preload"}):
        raise EnvironmentsError(f"{where}: unknown key {key!r}")
    for key in ("name", "interpreter"):
        if not isinstance(table.get(key), str) or not table[key]:
            raise EnvironmentsError(f"{where}: {key}: a text is needed")
    preload = table.get("preload", [])
    if not isinstance(preload, list) or not all(isinstance(name, str) and _MODULE.fullmatch(name) for name in preload):
        raise EnvironmentsError(f'{where}: preload: a list of modules is needed, such as ["numpy", "torch"]')
    # not resolved: the interpreter of a virtual environment is a symbolic link, and must stay one
    return Environment(table["name"], folder.absolute() / table["interpreter"], tuple(preload))
