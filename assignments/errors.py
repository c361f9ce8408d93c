"""What can be wrong with an assignment package, said to the person who writes it."""

from __future__ import annotations

from pathlib import Path


class PackageError(Exception):
    """The package cannot be used. The text names the file, the line where one is known, and the key."""

    def __init__(self, path: Path, problem: str, *, line: int | None = None, key: str = "") -> None:
        self.path = path
        self.problem = problem
        self.line = line
        self.key = key
        where = str(path) if line is None else f"{path}:{line}"
        super().__init__(f"{where}: {key}: {problem}" if key else f"{where}: {problem}")
