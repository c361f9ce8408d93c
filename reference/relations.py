"""How a wrong result relates to the right one, without knowing anything of the exercise.

A relation counts only if it holds for every result at once, so that chance finds none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reference.comparators.numbers import Floats

MOST_ENTRIES = 200_000  # of one result; larger ones are judged by their first entries
FEWEST_ENTRIES = 2  # over all results, for a relation without a free number
RELATIVE = 1e-5


@dataclass(frozen=True)
class Diagnosis:
    """`key` is counted in statistics; `sentence` is for the student."""

    key: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Pair:
    """What came and what should have come, of one shape, and the number of data points behind it (0: unknown)."""

    got: Floats
    want: Floats
    count: int = 0


def diagnose(pairs: Sequence[Pair]) -> Diagnosis | None:
    """The simplest relation that explains every pair; None where none does. Never raises."""
    usable = [_cut(pair) for pair in pairs if pair.want.size]
    if not usable or any(np.size(p.got) != np.size(p.want) for p in usable):
        return None
    if sum(p.want.size for p in usable) < FEWEST_ENTRIES:
        return None
    with np.errstate(all="ignore"):
        for key, sentence, transform in _RELATIONS:
            if _explains(transform, usable):
                return Diagnosis(key, sentence)
        return (
            _transposed(pairs) or _constant(usable) or _free_factor(usable) or _free_offset(usable) or _shifted(usable)
        )


def _cut(pair: Pair) -> Pair:
    got = np.asarray(pair.got, dtype=np.float64).ravel()[:MOST_ENTRIES]
    want = np.asarray(pair.want, dtype=np.float64).ravel()[:MOST_ENTRIES]
    return Pair(got, want, pair.count)


Transform = Callable[[Pair], Floats]


def _times(factor: float) -> Transform:
    return lambda p: p.want * factor


# In this order: the first that explains everything is named. All are applied to the right value.
_RELATIONS: tuple[tuple[str, str, Transform], ...] = (
    ("minus-sign", "The sign is wrong: every value is the negative of the right one.", lambda p: -p.want),
    (
        "mean-for-sum",
        "The result is the right one divided by the number of data points: a mean where a sum is asked.",
        lambda p: p.want / _count(p),
    ),
    (
        "sum-for-mean",
        "The result is the right one times the number of data points: a sum where a mean is asked.",
        lambda p: p.want * _count(p),
    ),
    ("factor-2", "Every value is twice the right one.", _times(2.0)),
    ("factor-half", "Every value is half the right one.", _times(0.5)),
    ("percentage", "Every value is 100 times the right one: a percentage where a proportion is asked.", _times(100.0)),
    ("proportion", "Every value is a hundredth of the right one.", _times(0.01)),
    ("factor-minus-2", "Every value is -2 times the right one.", _times(-2.0)),
    ("factor-pi", "Every value is π times the right one.", _times(np.pi)),
    ("factor-1-over-pi", "Every value is the right one divided by π.", _times(1 / np.pi)),
    (
        "log10",
        "The values fit a logarithm to base 10 where the natural logarithm is meant.",
        _times(1 / np.log(10)),
    ),
    ("log2", "The values fit a logarithm to base 2 where the natural logarithm is meant.", _times(1 / np.log(2))),
    (
        "natural-for-log10",
        "The values fit a natural logarithm where base 10 is meant.",
        _times(np.log(10)),
    ),
    ("natural-for-log2", "The values fit a natural logarithm where base 2 is meant.", _times(np.log(2))),
    ("complement", "Every value is 1 minus the right one.", lambda p: 1 - p.want),
    ("reciprocal", "Every value is 1 divided by the right one.", lambda p: 1 / p.want),
    (
        "square-root-missing",
        "Every value is the square of the right one: a square root is missing.",
        lambda p: p.want**2,
    ),
    (
        "square-missing",
        "Every value is the square root of the right one: a square is missing, or a square root too many.",
        lambda p: np.sqrt(p.want),
    ),
    ("log-missing", "The right result is the logarithm of this one.", lambda p: np.exp(p.want)),
    ("minus-log-missing", "The right result is minus the logarithm of this one.", lambda p: np.exp(-p.want)),
    ("log-too-many", "Every value is the logarithm of the right one.", lambda p: np.log(p.want)),
    ("minus-log-too-many", "Every value is minus the logarithm of the right one.", lambda p: -np.log(p.want)),
    ("absolute-value", "The values have the right size, but their signs are lost.", lambda p: np.abs(p.want)),
    ("off-by-one", "Every value is one too large.", lambda p: p.want + 1),
    ("off-by-minus-one", "Every value is one too small.", lambda p: p.want - 1),
    (
        "rounded-float32",
        "The values are right only to about seven digits: they were rounded to single precision (float32).",
        lambda p: p.want.astype(np.float32).astype(np.float64),
    ),
    (
        "rounded-float16",
        "The values are right only to about three digits: they were rounded to half precision (float16).",
        lambda p: p.want.astype(np.float16).astype(np.float64),
    ),
    ("rounded-3", "The values are rounded to three decimals; return them as they are.", lambda p: np.round(p.want, 3)),
    ("rounded-integer", "The values are rounded to whole numbers.", lambda p: np.round(p.want)),
    ("truncated-integer", "The values are cut to whole numbers: an integer array or `//`?", lambda p: np.trunc(p.want)),
)


def _count(pair: Pair) -> float:
    return float(pair.count) if pair.count > 1 else float("nan")


def _explains(transform: Transform, pairs: Sequence[Pair]) -> bool:
    return all(close(pair.got, transform(pair)) for pair in pairs)


def close(got: Floats, candidate: Floats, relative: float = RELATIVE) -> bool:
    """All entries agree; entries that are NaN, or infinite with the same sign, agree with each other."""
    if np.shape(got) != np.shape(candidate):
        return False
    scale = float(np.max(np.abs(candidate), initial=0.0, where=np.isfinite(candidate)))
    with np.errstate(all="ignore"):
        return bool(np.allclose(got, candidate, rtol=relative, atol=1e-9 * scale, equal_nan=False))


def _transposed(pairs: Sequence[Pair]) -> Diagnosis | None:
    def is_transposed(pair: Pair) -> bool:
        got, want = np.asarray(pair.got), np.asarray(pair.want)
        return got.ndim == 2 and got.T.shape == want.shape and close(got.T, want)

    if any(np.asarray(p.want).ndim != 2 for p in pairs) or not all(is_transposed(p) for p in pairs):
        return None
    return Diagnosis("transposed", "Rows and columns are exchanged: the result is the transpose of the right one.")


def _constant(pairs: Sequence[Pair]) -> Diagnosis | None:
    got = np.concatenate([p.got for p in pairs])
    want = np.concatenate([p.want for p in pairs])
    if got.size < 3 or not np.all(got == got[0]) or np.all(want == want[0]):
        return None
    value = float(got[0])
    return Diagnosis(
        "constant", f"The result is {value:.6g} whatever the arguments are: is a placeholder still in place?"
    )


def _free_factor(pairs: Sequence[Pair]) -> Diagnosis | None:
    got = np.concatenate([p.got for p in pairs])
    want = np.concatenate([p.want for p in pairs])
    used = want != 0
    if np.count_nonzero(used) < 3 or np.any(got[~used] != 0):
        return None
    ratio = got[used] / want[used]
    factor = float(np.median(ratio))
    if not np.isfinite(factor) or factor == 0 or not close(ratio, np.full_like(ratio, factor)):
        return None
    return Diagnosis("constant-factor", f"Every value is {factor:.4g} times the right one.")


def _free_offset(pairs: Sequence[Pair]) -> Diagnosis | None:
    got = np.concatenate([p.got for p in pairs])
    want = np.concatenate([p.want for p in pairs])
    if got.size < 3:
        return None
    offsets = got - want
    offset = float(np.median(offsets))
    spread = float(np.ptp(want))
    if not np.isfinite(offset) or spread == 0 or abs(offset) < 1e-6 * spread:
        return None
    if float(np.max(np.abs(offsets - offset))) > 1e-7 * max(spread, abs(offset)):
        return None
    return Diagnosis("constant-offset", f"Every value differs from the right one by the same amount, {offset:.4g}.")


def _shifted(pairs: Sequence[Pair]) -> Diagnosis | None:
    """The right entries one place too early or too late."""
    if any(p.want.size < 3 for p in pairs):
        return None
    if all(close(p.got[1:], p.want[:-1]) for p in pairs) or all(close(p.got[:-1], p.want[1:]) for p in pairs):
        return Diagnosis("off-by-one-index", "The values are right but stand one place off: an index is off by one.")
    return None
