"""Loading an assignment's `checks.py`. Imports `reference` through it, so the web front end must not."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

from assignments.asking import Ask
from assignments.errors import PackageError
from assignments.loading import CHECKS, load_package
from assignments.metadata import CheckSpec, Metadata, Package
from assignments.notebooks import code_cells, read_notebook
from assignments.outcome import Outcome
from assignments.vocabulary.registry import CheckFunction, checks_of


@dataclass(frozen=True)
class LoadedCheck:
    """`run` may raise: that is the assignment's fault, never the student's."""

    spec: CheckSpec
    run: Callable[[Ask], Outcome]


@dataclass(frozen=True)
class CheckedPackage:
    """`checks` are all that run; manual questions are only in the metadata."""

    package: Package
    checks: tuple[LoadedCheck, ...]

    @property
    def metadata(self) -> Metadata:
        return self.package.metadata

    @cached_property
    def starter_sources(self) -> tuple[str, ...]:
        """The code cells of the starter notebook, for telling what a student has not touched."""
        return tuple(cell.source for cell in code_cells(read_notebook(self.package.starter_bytes())))


def load_checked_package(folder: Path) -> CheckedPackage:
    """The package with its checks, in the order of assignment.toml. Raises PackageError."""
    package = load_package(folder)
    path = package.folder / CHECKS
    functions = checks_of(_import(path, package))
    wanted = {check.key: check for check in package.metadata.checks if check.kind != "manual"}
    for key, function in functions.items():
        if key not in wanted:
            line = function.__code__.co_firstlineno
            raise PackageError(path, "assignment.toml has no such check", line=line, key=key)
    missing = [key for key in wanted if key not in functions]
    if missing:
        raise PackageError(path, f'no function is marked @check("{missing[0]}")', key=missing[0])
    return CheckedPackage(package, tuple(LoadedCheck(spec, functions[key]) for key, spec in wanted.items()))


def _import(path: Path, package: Package) -> ModuleType:
    # A name of its own for each version: two versions can be loaded side by side.
    name = f"assignments._loaded.{package.slug.replace('-', '_')}_{package.version[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PackageError(path, "cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise PackageError(path, f"is not valid Python: {error.msg}", line=error.lineno) from error
    except Exception as error:  # whatever an instructor's module raises
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        line = lines[-1] if lines else None
        raise PackageError(path, f"fails on import: {type(error).__name__}: {error}", line=line) from error
    return module


__all__ = ["CheckFunction", "CheckedPackage", "LoadedCheck", "load_checked_package"]
