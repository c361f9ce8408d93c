"""Which of many notebooks are too alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

# Below it, people who solved the same small task alone are often that alike.
LEAST_SCORE = 0.6
# A handful of lines proves nothing.
LEAST_SHARED = 12
# A fingerprint that so many have is how the task is solved, not who copied from whom.
COMMON_SHARE = 0.3
COMMON_LEAST = 10


@dataclass(frozen=True)
class Alike:
    first: str
    second: str
    score: float  # share of the smaller one's fingerprints that the other has
    shared: int


def pairs(own: Mapping[str, frozenset[int]], earlier: Mapping[str, frozenset[int]] | None = None) -> Iterator[Alike]:
    """Too alike among `own`, and between `own` and `earlier`. The keys are whatever names a notebook."""
    known = {**(earlier or {}), **own}
    common = _common(known.values())
    telling = {name: hashes - common for name, hashes in known.items()}
    names = [name for name in own if len(telling[name]) >= LEAST_SHARED]
    for position, first in enumerate(names):
        for second in names[position + 1 :]:
            yield from _alike(first, second, telling)
        for second in earlier or {}:
            yield from _alike(first, second, telling)


def _alike(first: str, second: str, telling: Mapping[str, frozenset[int]]) -> Iterator[Alike]:
    a, b = telling[first], telling[second]
    smaller = min(len(a), len(b))
    if smaller < LEAST_SHARED:
        return
    shared = len(a & b)
    if shared >= LEAST_SHARED and shared >= LEAST_SCORE * smaller:
        yield Alike(first, second, shared / smaller, shared)


def _common(documents: Collection[frozenset[int]]) -> frozenset[int]:
    counts = Counter(value for hashes in documents for value in hashes)
    most = max(COMMON_LEAST, COMMON_SHARE * len(documents))
    return frozenset(value for value, count in counts.items() if count > most)
