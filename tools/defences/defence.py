"""What is switched off, by which edit of the source, and which tests are asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Edit:
    file: str  # from the root of the repository
    old: str  # must be there exactly once
    new: str = ""

    def problem(self, root: Path) -> str:
        """Why it cannot be applied; "" if it can."""
        path = root / self.file
        if not path.is_file():
            return f"{self.file} is gone"
        found = path.read_text(encoding="utf-8").count(self.old)
        return "" if found == 1 else f"{self.file} holds {self.old.strip()!r} {found} times, not once"

    def apply(self, root: Path) -> None:
        """Raises ValueError."""
        if problem := self.problem(root):
            raise ValueError(problem)
        path = root / self.file
        path.write_text(path.read_text(encoding="utf-8").replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True)
class Defence:
    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]  # files
    chosen: str = ""  # pytest's -k

    def problems(self, root: Path) -> list[str]:
        return [problem for edit in self.edits if (problem := edit.problem(root))]
