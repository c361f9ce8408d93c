"""Repeated draws of a continuous random number against the distribution that they should come from.

Kolmogorov and Smirnov's largest distance between the empirical and the right distribution function; by the inequality
of Dvoretzky, Kiefer and Wolfowitz with Massart's constant (1990) it exceeds sqrt(ln(2/a) / (2n)) with a probability of
at most `a`, whatever the distribution and however few the draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from reference.comparators.arrays import Comparison, compare_array
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.plain import Plain

FALSE_ALARM = 1e-7  # per comparison: a right function fails less than once in ten million runs
SHIFTED = 0.9  # of the distance: so much of it on one side means that the draws are too large, or too small


def compare_sample(got: Plain, distribution: Callable[[Floats], Floats], count: int) -> Comparison:
    """`got` are `count` independent draws; `distribution` gives the probability of a draw up to each value."""
    read = to_numbers(got)
    if not isinstance(read, Numbers) or read.array.size != count or not np.all(np.isfinite(read.array)):
        form = compare_array(got, np.zeros(count))
        return Comparison(False, form.problem or "is no sample of numbers", form.diagnosis)
    values = np.sort(read.array.ravel())
    if values[0] == values[-1]:
        return Comparison(False, "is the same number in every draw", "not-random")
    right = np.asarray(distribution(values), dtype=np.float64)
    above = float(np.max(np.arange(1, count + 1) / count - right))  # too many small draws
    below = float(np.max(right - np.arange(count) / count))
    distance = max(above, below)
    if distance <= math.sqrt(math.log(2 / FALSE_ALARM) / (2 * count)):
        return Comparison(True)
    if above > SHIFTED * (above + below):
        return Comparison(False, "is too small on the whole for draws from this distribution", "draws-too-small")
    if below > SHIFTED * (above + below):
        return Comparison(False, "is too large on the whole for draws from this distribution", "draws-too-large")
    return Comparison(False, "is not distributed as asked: the draws are spread too wide or too narrow", "spread-wrong")
