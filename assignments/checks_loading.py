"""Loading an assignment's `checks.py` into this process. Imports `reference` through it: for the tests of checks and
for their authors. Grading does it in a process of its own (worker/checker)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assignments.asking import Ask
from assignments.checks_module import check_functions, compile_checks, run_checks_module
from assignments.loading import CHECKS, load_package
from assignments.metadata import CheckSpec, Metadata, Package
from assignments.outcome import Outcome


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


def load_checked_package(folder: Path) -> CheckedPackage:
    """The package with its checks, in the order of assignment.toml. Raises PackageError."""
    package = load_package(folder)
    path = package.folder / CHECKS
    # A name of its own for each version: two versions can be loaded side by side.
    name = f"assignments._loaded.{package.slug.replace('-', '_')}_{package.version[:16]}"
    module = run_checks_module(compile_checks(path.read_bytes(), path), path, name)
    specs = package.metadata.automatic_checks
    functions = check_functions(module, path, [spec.key for spec in specs])
    return CheckedPackage(package, tuple(LoadedCheck(spec, functions[spec.key]) for spec in specs))


__all__ = ["CheckedPackage", "LoadedCheck", "load_checked_package"]
