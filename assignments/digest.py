"""The version of a package: a digest of everything in its folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from assignments.errors import PackageError

_CACHES = {"__pycache__", ".ipynb_checkpoints", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


def package_version(folder: Path) -> str:
    """sha256, hex, over names and contents of the package's files; caches do not count.

    Links are refused: what they point to could change without the version changing.
    """
    digest = hashlib.sha256()
    for path in package_files(folder):
        encoded = path.relative_to(folder).as_posix().encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
        content = path.read_bytes()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def package_files(folder: Path) -> Iterator[Path]:
    """The files that make the package, in the order of their names. Raises PackageError for a link."""
    for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).as_posix()):
        name = path.relative_to(folder)
        if _CACHES & set(name.parts) or path.suffix == ".pyc" or path.name == ".DS_Store":
            continue
        if path.is_symlink():
            raise PackageError(path, "is a link; an assignment package holds its files itself")
        if path.is_file():
            yield path
