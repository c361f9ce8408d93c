"""Relations without a free number: the value that comes is a fixed function of the right one."""

from __future__ import annotations

import numpy as np

from reference.relations.pairs import Pair, Transform


def _times(factor: float) -> Transform:
    return lambda p: p.want * factor


# In this order: the first that explains everything is named. All are applied to the right value.
RELATIONS: tuple[tuple[str, str, Transform], ...] = (
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
        "Every value is the square of the right one: a square root is missing (a variance for a standard deviation?).",
        lambda p: p.want**2,
    ),
    (
        "square-missing",
        "Every value is the square root of the right one: a square is missing (a standard deviation for a variance?).",
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
