"""Relations with a free number or a change of places, each asked of all results together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reference.relations.pairs import Diagnosis, Pair, clearly_other, explains, fits, is_finite

FEWEST = 3  # entries, for a relation with a number that may be anything
LEAST_CHANGE = 1e-3  # a factor nearer to 1, or an offset smaller beside the values, is some inexactness, no relation


def transposed(pairs: Sequence[Pair]) -> Diagnosis | None:
    """Of unflattened results."""

    def is_transposed(pair: Pair) -> bool:
        got, want = np.asarray(pair.got), np.asarray(pair.want)
        return got.ndim == 2 and got.T.shape == want.shape and is_finite(pair) and fits(got.T, want, pair.tolerance)

    if any(np.asarray(p.want).ndim != 2 for p in pairs) or not all(is_transposed(p) for p in pairs):
        return None
    if not any(p.got.shape != p.want.shape or clearly_other(np.asarray(p.got), p) for p in pairs):
        return None  # all symmetric
    return Diagnosis("transposed", "Rows and columns are exchanged: the result is the transpose of the right one.")


def constant(pairs: Sequence[Pair]) -> Diagnosis | None:
    got = np.concatenate([p.got for p in pairs])
    want = np.concatenate([p.want for p in pairs])
    if got.size < FEWEST or not np.all(got == got[0]) or np.all(want == want[0]):
        return None
    sentence = f"The result is {got[0]:.6g} whatever the arguments are: is a placeholder still in place?"
    return Diagnosis("constant", sentence)


def constant_factor(pairs: Sequence[Pair]) -> Diagnosis | None:
    got = np.concatenate([p.got for p in pairs])
    want = np.concatenate([p.want for p in pairs])
    used = want != 0
    if np.count_nonzero(used) < FEWEST:
        return None
    factor = float(np.median(got[used] / want[used]))
    if not np.isfinite(factor) or factor == 0 or abs(factor - 1) < _least(pairs):
        return None
    if not explains(lambda p: factor * p.want, pairs, FEWEST):
        return None
    return Diagnosis("constant-factor", f"Every value is {factor:.4g} times the right one.")


def constant_offset(pairs: Sequence[Pair]) -> Diagnosis | None:
    got = np.concatenate([p.got for p in pairs])
    want = np.concatenate([p.want for p in pairs])
    if got.size < FEWEST or np.ptp(want) == 0:
        return None
    offset = float(np.median(got - want))
    if not np.isfinite(offset) or abs(offset) < _least(pairs) * float(np.max(np.abs(want))):
        return None
    if not explains(lambda p: p.want + offset, pairs, FEWEST):
        return None
    return Diagnosis("constant-offset", f"Every value differs from the right one by the same amount, {offset:.4g}.")


def shifted(pairs: Sequence[Pair]) -> Diagnosis | None:
    """The right entries one place too early or too late."""
    if any(p.want.size < FEWEST for p in pairs) or not any(clearly_other(p.got, p) for p in pairs):
        return None
    late = all(fits(p.got[1:], p.want[:-1], p.tolerance) for p in pairs)
    if late or all(fits(p.got[:-1], p.want[1:], p.tolerance) for p in pairs):
        return Diagnosis("off-by-one-index", "The values are right but stand one place off: an index is off by one.")
    return None


def _least(pairs: Sequence[Pair]) -> float:
    return max(LEAST_CHANGE, *(100 * p.tolerance.relative for p in pairs))
