"""What came beside what should have come, and when a relation explains it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from reference.comparators.arrays import Tolerance
from reference.comparators.numbers import Floats

MOST_ENTRIES = 200_000  # of one result; larger ones are judged by their first entries
ROUND_OFF = 1e-12  # relative: what another order of operations may change
CLEARLY = 10.0  # times what the value comparison allows; a relation must be further than this from the right value


@dataclass(frozen=True)
class Diagnosis:
    """`key` is counted in statistics; `sentence` is for the student."""

    key: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Pair:
    """What came and what should have come, of one shape, and the number of data points behind it (0: unknown).

    `tolerance` is the one of the value comparison: a relation has to explain the value as tightly as that.
    """

    got: Floats
    want: Floats
    count: int = 0
    tolerance: Tolerance = Tolerance()  # noqa: RUF009  frozen


Transform: TypeAlias = Callable[[Pair], Floats]


def flat(pair: Pair) -> Pair:
    got = np.asarray(pair.got, dtype=np.float64).ravel()[:MOST_ENTRIES]
    want = np.asarray(pair.want, dtype=np.float64).ravel()[:MOST_ENTRIES]
    return Pair(got, want, pair.count, pair.tolerance)


def is_finite(pair: Pair) -> bool:
    return bool(np.all(np.isfinite(pair.got)) and np.all(np.isfinite(pair.want)))


def fits(got: Floats, candidate: Floats, tolerance: Tolerance) -> bool:
    """All entries agree as the value comparison asks. NaN and infinity agree with nothing."""
    if np.shape(got) != np.shape(candidate) or not np.all(np.isfinite(candidate)):
        return False
    with np.errstate(all="ignore"):
        allowed = tolerance.allowed(candidate) + ROUND_OFF * np.abs(candidate)
        return bool(np.all(np.abs(got - candidate) <= allowed))


def clearly_other(candidate: Floats, pair: Pair) -> int:
    """The number of entries in which the candidate is far from the right value."""
    with np.errstate(all="ignore"):
        allowed = pair.tolerance.allowed(pair.want) + ROUND_OFF * np.abs(pair.want)
        return int(np.count_nonzero(np.abs(candidate - pair.want) > CLEARLY * allowed))


def explains(transform: Transform, pairs: Sequence[Pair], fewest: int = 1) -> bool:
    """The relation gives every value that came, and the right values are clearly others in `fewest` entries."""
    candidates = [np.asarray(transform(pair), dtype=np.float64) for pair in pairs]
    if not all(fits(pair.got, candidate, pair.tolerance) for pair, candidate in zip(pairs, candidates, strict=True)):
        return False
    return sum(clearly_other(candidate, pair) for pair, candidate in zip(pairs, candidates, strict=True)) >= fewest
