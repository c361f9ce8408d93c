"""Repeated random draws against the distribution that they should come from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reference.comparators.numbers import Floats

FEWEST = 8.0  # expected draws of one outcome; rarer ones are put together
LARGEST_Z = 5.5  # of all outcomes together; a right function exceeds it about twice in a hundred million runs
LARGEST_SINGLE_Z = 7.0  # of one outcome; rarer still, also where only 8 draws are expected
SURELY_Z = 11.0  # expected of a misfit that chance must not hide
SURELY_IMPOSSIBLE = 40.0  # expected draws of outcomes that have no probability


@dataclass(frozen=True)
class DrawComparison:
    """`impossible` counts draws of outcomes that have no probability; `z` measures the misfit of the others."""

    fits: bool
    impossible: int
    z: float


def compare_draws(counts: Floats, probabilities: Floats) -> DrawComparison:
    """`counts` (n,) of n outcomes against their probabilities (n,), by Pearson's chi-squared.

    The statistic is turned into a standard normal one by Wilson and Hilferty (1931).
    """
    total = float(counts.sum())
    impossible = int(counts[probabilities <= 0].sum())
    if total <= 0 or impossible:
        return DrawComparison(False, impossible, math.inf)
    expected = probabilities * total
    common = expected >= FEWEST
    observed, wanted = list(counts[common]), list(expected[common])
    if expected[~common].sum() > 0:
        observed.append(float(counts[~common].sum()))
        wanted.append(float(expected[~common].sum()))
    if len(wanted) > 1 and wanted[-1] < FEWEST:
        # What is rare even together would make the statistic jump: it joins the smallest of the others.
        smallest = int(np.argmin(wanted[:-1]))
        wanted[smallest] += wanted.pop()
        observed[smallest] += observed.pop()
    freedom = len(wanted) - 1
    if freedom < 1:
        return DrawComparison(True, 0, 0.0)
    statistic = sum((o - w) ** 2 / w for o, w in zip(observed, wanted, strict=True))
    spread = 2 / (9 * freedom)
    z = ((statistic / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    single = max(abs(o - w) / math.sqrt(w) for o, w in zip(observed, wanted, strict=True))
    return DrawComparison(z <= LARGEST_Z and single <= LARGEST_SINGLE_Z, 0, max(z, single))


def all_fit(counts: Sequence[Floats], distributions: Sequence[Floats]) -> bool:
    return all(compare_draws(c, p).fits for c, p in zip(counts, distributions, strict=True))


def noticed(source: Floats, tested: Floats, draws: int) -> bool:
    """Would so many draws from `source` be taken for draws from `tested` less than once in ten thousand times?"""
    expected = draws * source
    if float(expected[tested <= 0].sum()) >= SURELY_IMPOSSIBLE:
        return True
    possible = np.where(tested > 0, expected, 0.0)
    return bool(possible.sum() > 0 and compare_draws(possible, tested).z >= SURELY_Z)
