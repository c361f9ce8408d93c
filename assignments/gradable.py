"""What grading needs of a package, as it was when it was read. The text of `checks.py` is carried, never imported."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assignments.errors import PackageError
from assignments.loading import CHECKS, load_package
from assignments.metadata import CheckSpec, Metadata, Package
from assignments.notebooks import code_cells, read_notebook


@dataclass(frozen=True)
class GradablePackage:
    package: Package
    checks_source: bytes

    @property
    def metadata(self) -> Metadata:
        return self.package.metadata

    @property
    def checks(self) -> tuple[CheckSpec, ...]:
        """All that run; manual questions are only in the metadata."""
        return self.metadata.automatic_checks

    @cached_property
    def starter_sources(self) -> tuple[str, ...]:
        """The code cells of the starter notebook, for telling what a student has not touched."""
        return tuple(cell.source for cell in code_cells(read_notebook(self.package.starter_bytes())))


def load_gradable_package(folder: Path) -> GradablePackage:
    """Raises PackageError. What is wrong inside `checks.py` shows when a checker loads it."""
    package = load_package(folder)
    path = package.folder / CHECKS
    try:
        return GradablePackage(package, path.read_bytes())
    except OSError as error:
        raise PackageError(path, f"cannot be read: {error.strerror}") from error
