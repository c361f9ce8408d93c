"""Notebooks from the store, and the starter from the packages, as fingerprints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from assignments.loading import SLUG, STARTER
from grader.similarity.fingerprints import Prints, prints_of
from grader.similarity.tokens import Cell, cells_of, lines_of


@dataclass(frozen=True)
class Given:
    """What every student got, and what therefore says nothing."""

    lines: frozenset[str] = frozenset()
    hashes: frozenset[int] = frozenset()

    @classmethod
    def of(cls, packages: Path, slug: str) -> Self:
        path = packages / slug / STARTER
        if not SLUG.match(slug) or not path.is_file():
            return cls()
        data = path.read_bytes()
        return cls(lines_of(data), prints_of(cells_of(data)).hashes)

    def read(self, data: bytes) -> tuple[list[Cell], Prints]:
        cells = cells_of(data, self.lines)
        return cells, prints_of(cells, self.hashes)
