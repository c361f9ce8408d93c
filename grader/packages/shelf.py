"""The packages on disk. Reading one hashes all its files, so what was read is kept until a file of it changes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from assignments.errors import PackageError
from assignments.loading import SLUG, TOML, load_package
from assignments.metadata import Package
from grader.packages.errors import NoSuchPackage, PackageBroken

_KEPT = 500
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class OnShelf:
    """One package of the service. A damaged one has a `problem` and nothing else."""

    slug: str
    package: Package | None
    problem: str = ""


def shelf(root: Path) -> list[OnShelf]:
    """Every package, by name; damaged ones too."""
    folders = sorted(path.parent for path in root.glob(f"*/{TOML}"))
    return [_on_shelf(folder) for folder in folders if SLUG.match(folder.name)]


def package(root: Path, slug: str) -> Package:
    """Raises NoSuchPackage, PackageBroken."""
    if not SLUG.match(slug) or not (root / slug / TOML).is_file():
        raise NoSuchPackage(slug)
    found = _on_shelf(root / slug)
    if found.package is None:
        raise PackageBroken(slug, found.problem)
    return found.package


def _on_shelf(folder: Path) -> OnShelf:
    return _read(folder, _stamp(folder))


@lru_cache(maxsize=_KEPT)
def _read(folder: Path, _stamp: Stamp) -> OnShelf:
    try:
        return OnShelf(folder.name, load_package(folder))
    except (PackageError, OSError) as error:
        return OnShelf(folder.name, None, str(error).replace(f"{folder.parent}{os.sep}", ""))


def _stamp(folder: Path) -> Stamp:
    """Changes with every file that is added, removed or written."""
    found = []
    for at, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(at, name))
            except OSError:
                continue  # removed at this moment
            found.append((os.path.join(at, name), status.st_mtime_ns, status.st_size))
    return tuple(sorted(found))
