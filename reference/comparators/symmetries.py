"""Results that are right up to a symmetry: any order of hidden units, either sign of a vector."""

from __future__ import annotations

import dataclasses

import numpy as np

from reference.comparators.arrays import Comparison, Tolerance, compare_array
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.plain import Plain


def compare_up_to_order(got: Plain, want: Floats, tolerance: Tolerance | None = None) -> Comparison:
    """The rows of `want` (units, n) in any order: each row of the result is taken for another row of the reference."""
    read = to_numbers(got)
    if not isinstance(read, Numbers) or read.array.shape != want.shape or not np.all(np.isfinite(read.array)):
        return compare_array(got, want, tolerance)
    order = nearest_order(read.array.reshape(len(want), -1), want.reshape(len(want), -1))
    return _in_words_of(want[order], compare_array(got, want[order], tolerance))


def compare_up_to_sign(got: Plain, want: Floats, tolerance: Tolerance | None = None) -> Comparison:
    """Every column of `want` (n, vectors), or `want` (n,) itself, with either sign, as eigenvectors are."""
    read = to_numbers(got)
    if not isinstance(read, Numbers) or read.array.shape != want.shape:
        return compare_array(got, want, tolerance)
    with np.errstate(all="ignore"):
        side = np.sign(np.sum(read.array * want, axis=0))
    signed = want * np.where(side == 0, 1.0, np.nan_to_num(side, nan=1.0))
    return _in_words_of(signed, compare_array(got, signed, tolerance))


def _in_words_of(reference: Floats, comparison: Comparison) -> Comparison:
    return dataclasses.replace(comparison, reference=reference)


def nearest_order(got: Floats, want: Floats) -> list[int]:
    """For each row of `got` (units, n) the nearest row of `want` (units, n) that is still free; nearest pairs first."""
    distance = np.linalg.norm(got[:, None, :] - want[None, :, :], axis=2)
    order = [-1] * len(got)
    for flat in np.argsort(distance, axis=None):
        row, other = divmod(int(flat), len(want))
        if order[row] < 0 and other not in order:
            order[row] = other
    return order
