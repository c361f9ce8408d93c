"""Fingerprints of code by winnowing (Schleimer, Wilkerson, Aiken: "Winnowing: local algorithms for document
fingerprinting", SIGMOD 2003), the method behind MOSS.

Every run of K tokens is hashed; of each WINDOW neighbouring hashes the smallest is kept. So any passage of at least
K + WINDOW - 1 tokens that two programs share leaves a common fingerprint, wherever it stands, and what is shorter than
K never does. Cells are read apart: their order does not matter.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from zlib import crc32

from grader.similarity.tokens import Cell, Token

K = 12
WINDOW = 6


@dataclass(frozen=True)
class Place:
    """Where a fingerprint was taken: lines of one cell, both ends included."""

    cell: int
    first: int
    last: int


@dataclass(frozen=True)
class Prints:
    """The fingerprints of one notebook, and where they stand."""

    places: dict[int, tuple[Place, ...]]

    @property
    def hashes(self) -> frozenset[int]:
        return frozenset(self.places)


def prints_of(cells: Sequence[Cell], without: Collection[int] = frozenset()) -> Prints:
    """`without`: fingerprints that say nothing, those of the starter."""
    places: dict[int, list[Place]] = {}
    for number, cell in enumerate(cells):
        for value, first, last in _winnowed(cell.tokens):
            if value not in without:
                places.setdefault(value, []).append(Place(number, first, last))
    return Prints({value: tuple(found) for value, found in places.items()})


def matching_lines(own: Prints, other: Prints) -> dict[int, set[int]]:
    """By cell of `own`: the lines that belong to a passage that `other` has as well."""
    lines: dict[int, set[int]] = {}
    for value in own.hashes & other.hashes:
        for place in own.places[value]:
            lines.setdefault(place.cell, set()).update(range(place.first, place.last + 1))
    return lines


def _winnowed(tokens: Sequence[Token]) -> list[tuple[int, int, int]]:
    """(fingerprint, first line, last line), each position once."""
    texts = [token.text for token in tokens]
    # Of equal hashes the last is chosen: it stays the smallest for longest.
    hashes = [(crc32("\x00".join(texts[i : i + K]).encode("utf-8", "replace")), -i) for i in range(len(texts) - K + 1)]
    kept: list[tuple[int, int, int]] = []
    chosen = None
    for start in range(max(1, len(hashes) - WINDOW + 1)) if hashes else ():
        best = min(hashes[start : start + WINDOW])
        if best != chosen:
            chosen = best
            kept.append((best[0], tokens[-best[1]].line, tokens[-best[1] + K - 1].line))
    return kept
