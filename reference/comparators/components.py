"""One of the several values that a function returns together."""

from __future__ import annotations

import numpy as np

from reference.comparators.arrays import Comparison
from reference.plain import Plain


def component(got: Plain, index: int, count: int) -> Plain | Comparison:
    """The `index`-th of `count` values, or the comparison that says why there is none."""
    if isinstance(got, tuple | list) and len(got) == count:
        return got[index]
    if got is None:
        return Comparison(False, "is None: is a `return` missing?", "returns-none")
    if isinstance(got, tuple | list):
        problem = f"has {len(got)} values; the function returns {count}"
    elif isinstance(got, np.ndarray):
        problem = f"is one array; the function returns {count} values"
    else:
        problem = f"is one value; the function returns {count}"
    return Comparison(False, problem, "wrong-number-of-results")
