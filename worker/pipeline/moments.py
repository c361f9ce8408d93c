"""When each check looks at the kernel.

Later cells of real notebooks overwrite earlier answers, so a check is run right after every cell that binds a
name it watches and once more when the notebook has ended; which of these counts is the assignment's choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

END = -1  # the moment after the last cell
# Definitions of one name that are looked at, at the beginning and at the end of a notebook that has more: a hundred
# cells with a guess each are no answer, and a check that is asked after each of them takes its time.
FIRST, LAST = 10, 10


@dataclass(frozen=True)
class Watch:
    """What one check watches. `counts` is "best", "last" or the number of the definition, from 1, as text."""

    key: str
    names: frozenset[str]
    counts: str = "best"


@dataclass(frozen=True)
class Moments:
    """For each cell index (END for the end): the keys of the checks to run after it, in order."""

    after: Mapping[int, tuple[str, ...]]

    def at(self, index: int) -> tuple[str, ...]:
        return self.after.get(index, ())


def plan(watches: Iterable[Watch], bindings: Sequence[tuple[int, frozenset[str]]]) -> Moments:
    """`bindings` holds, per code cell in the order of execution, its index and the names that it binds."""
    after: dict[int, list[str]] = {}
    for watch in watches:
        defining = [index for index, names in bindings if watch.names & names]
        for index in _chosen(watch.counts, defining):
            after.setdefault(index, []).append(watch.key)
    return Moments({index: tuple(keys) for index, keys in after.items()})


def _chosen(counts: str, defining: list[int]) -> list[int]:
    if counts == "best":
        return [*(defining if len(defining) <= FIRST + LAST else defining[:FIRST] + defining[-LAST:]), END]
    if counts == "last":
        return [*defining[-1:], END]
    number = int(counts)
    # A notebook with fewer definitions than the assignment counts is judged at its end.
    return [defining[number - 1]] if number <= len(defining) else [END]
