"""Stochastic steps: each must be the step on some batch of the data, and together they must look random.

A step has no single right result. Each of the results, got from the same start, is traced back to the batch that it
was made from. Then the batches are judged together: not always the same one, every data point drawn, none far too
often. A right function fails this by chance less than once in a million times (see `drawn_fairly`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from reference.comparators.arrays import Comparison
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.plain import Plain

CLOSE = 1e-6  # of the largest entry
STANDARD_DEVIATIONS = 7.0  # of how often one point is drawn
MOST_LISTED = 2_000  # batches of the wrong kinds that are tried
MOST_MIXED = 50_000  # sets of pairs of an x and a y


@dataclass(frozen=True, eq=False)
class BatchesWanted:
    """`gradients` (2, n) are the points' shares of the gradient, of which a batch's are added up; a right step is
    -`alpha` times their sum. `mixed` (2, pairs) are the shares of every x with every y, where these are to be tried."""

    start: Floats
    gradients: Floats
    alpha: float
    size: int
    mixed: Floats = field(default_factory=lambda: np.zeros((2, 0)))

    @property
    def points(self) -> int:
        return int(self.gradients.shape[1])

    @cached_property
    def batches(self) -> tuple[list[tuple[int, ...]], Floats]:
        """Every batch of the right size and its sum, (batches, 2)."""
        return summed(self.gradients, itertools.combinations(range(self.points), self.size))


def summed(shares: Floats, batches: Iterator[tuple[int, ...]]) -> tuple[list[tuple[int, ...]], Floats]:
    """The batches, all of one size, and the sum of the shares (2, n) over each, (batches, 2)."""
    listed = list(batches)
    return listed, np.asarray(shares[:, np.array(listed)].sum(axis=-1).T)


def compare_steps(got: Plain, want: BatchesWanted) -> Comparison:
    """`got` is the list of the results of many calls with the same arguments. Never raises."""
    steps = _steps(got, want)
    if isinstance(steps, Comparison):
        return steps
    batches = [_batch(step, want) for step in steps]
    found = [batch for batch in batches if batch is not None]
    if len(found) == len(batches):
        problem, key = drawn_fairly(found, want)
    elif _with_replacement(steps, want):
        problem, key = "", None
    else:
        problem, key = _explained(steps, want, len(found))
    return Comparison(not problem, problem, key)


def drawn_fairly(batches: Sequence[tuple[int, ...]], want: BatchesWanted) -> tuple[str, str | None]:
    """With n points and batches of b, a point is drawn in b/n of the calls. False alarms: fewer than n (1 - b/n)^calls
    for a point never drawn, and the tail of the binomial distribution beyond seven standard deviations."""
    if len(set(batches)) == 1 and want.size < want.points:
        if batches[0] == tuple(range(want.size)):
            return "always comes from the first data points: a batch must be drawn at random each time", "first-points"
        return "always comes from the same batch: draw a new one in each call", "always-same-batch"
    counts = np.bincount([i for batch in batches for i in batch], minlength=want.points)
    share = want.size / want.points
    spread = math.sqrt(len(batches) * share * (1 - share))
    if np.any(counts == 0):
        return "never comes from some of the data points, however often it is called", "points-never-drawn"
    if np.any(np.abs(counts - len(batches) * share) > STANDARD_DEVIATIONS * spread):
        return "comes from some data points far more often than from others", "points-not-alike"
    return "", None


def _steps(got: Plain, want: BatchesWanted) -> Floats | Comparison:
    """(calls, 2): minus the steps, divided by alpha."""
    if not isinstance(got, list | tuple) or not got:
        return Comparison(False, "could not be read", "unreadable-result")
    places = []
    for result in got:
        read = to_numbers(result)
        if not isinstance(read, Numbers):
            return Comparison(False, read.problem, read.key)
        if read.array.size != want.start.size:
            shape = "×".join(str(n) for n in read.array.shape) or "a single number"
            return Comparison(False, f"has the shape {shape}; two parameters are expected", "wrong-shape")
        if not np.all(np.isfinite(read.array)):
            return Comparison(False, "holds NaN (not a number) or infinity", "nan")
        places.append(read.array.ravel())
    return np.asarray((want.start.ravel() - np.array(places)) / want.alpha)


def _near(step: Floats, sums: Floats, scale: float) -> int | None:
    """The index of the sum that the step equals."""
    if not len(sums):
        return None
    off = np.max(np.abs(sums - step), axis=1)
    best = int(np.argmin(off))
    return best if off[best] <= CLOSE * scale else None


def _scale(want: BatchesWanted) -> float:
    return float(np.max(np.abs(want.gradients)))


def _batch(step: Floats, want: BatchesWanted) -> tuple[int, ...] | None:
    listed, sums = want.batches
    index = _near(step, sums, _scale(want))
    return None if index is None else listed[index]


def _all_near(steps: Floats, sums: Floats, want: BatchesWanted) -> bool:
    return all(_near(step, sums, _scale(want)) is not None for step in steps)


def _with_replacement(steps: Floats, want: BatchesWanted) -> bool:
    """Batches in which a point may occur twice are a usual form of the method, and different from call to call."""
    if math.comb(want.points + want.size - 1, want.size) > MOST_LISTED or len(np.unique(steps.round(9), axis=0)) == 1:
        return False
    _, sums = summed(want.gradients, itertools.combinations_with_replacement(range(want.points), want.size))
    return _all_near(steps, sums, want)


def _explained(steps: Floats, want: BatchesWanted, right: int) -> tuple[str, str | None]:
    scale = _scale(want)
    if np.max(np.abs(steps)) <= CLOSE * scale:
        return "is where the step began: no step is taken", "placeholder"
    _, sums = want.batches
    if _all_near(-steps, sums, want):
        return "lies uphill: the step must go against the gradient", "step-uphill"
    if want.size > 1 and _all_near(steps * want.size, sums, want):
        return "is the step on the batch's mean; the notebook's gradient is a sum", "mean-for-sum"
    whole = want.gradients.sum(axis=1)[None, :]
    if _all_near(steps, whole, want):
        return "is the step on all of the data: only a batch may be used", "whole-data-set"
    if _all_near(steps, _other_sizes(want), want):
        return "is a step on a batch of another size than `batch_size`", "batch-size-ignored"
    if _all_near(steps, _mixed_sums(want), want):
        return "mixes the x of one data point with the y of another: draw one set of indices for both", "pairs-broken"
    factor = _common_factor(steps, sums)
    if factor is not None:
        return f"is {factor:.4g} times the step of the right length: is `alpha` used as it is passed?", "step-length"
    if right:
        return f"is no step on a batch of the right size in {len(steps) - right} of {len(steps)} calls", None
    return "is no step on a batch of the right size", None


def _other_sizes(want: BatchesWanted) -> Floats:
    if 2**want.points > MOST_LISTED:
        return np.zeros((0, 2))
    sizes = [size for size in range(1, want.points + 1) if size != want.size]
    points = range(want.points)
    return np.concatenate([summed(want.gradients, itertools.combinations(points, size))[1] for size in sizes])


def _mixed_sums(want: BatchesWanted) -> Floats:
    pairs = want.mixed.shape[1]
    if not pairs or math.comb(pairs, want.size) > MOST_MIXED:
        return np.zeros((0, 2))
    return summed(want.mixed, itertools.combinations(range(pairs), want.size))[1]


def _common_factor(steps: Floats, sums: Floats) -> float | None:
    """One factor, other than 1, between every step and some batch's."""
    if len(sums) > MOST_LISTED:
        return None
    length = np.linalg.norm(sums, axis=1)
    along = (sums @ steps[0]) / length**2
    for factor in along[np.linalg.norm(steps[0] - along[:, None] * sums, axis=1) <= CLOSE * length]:
        scaled = factor * sums
        largest = float(np.max(np.abs(scaled)))
        if factor != 0 and all(_near(step, scaled, largest) is not None for step in steps):
            return float(factor)
    return None
