"""Where a function is smallest, found by any method that comes near enough."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from reference.comparators.arrays import Comparison, Tolerance, compare_array
from reference.plain import Plain

SAME = Tolerance(relative=1e-9, absolute=1e-12)


@dataclass(frozen=True)
class Minimum:
    """`within` is how far off an answer may be, in the unit of the position."""

    position: float
    within: float


def compare_minimum(got: Plain, want: Minimum | float) -> Comparison:
    """With a plain number as `want` (the result of a known mistake) the answer must be that number."""
    if not isinstance(want, Minimum):
        return compare_array(got, np.asarray(float(want)), SAME)
    position = np.asarray(want.position)
    result = compare_array(got, position, Tolerance(relative=0.0, absolute=want.within))
    if result.equal or result.numbers is None or result.diagnosis is not None:
        return dataclasses.replace(result, reference=position)
    off = float(np.max(np.abs(result.numbers - position)))
    problem = f"is not where the loss is smallest, but about {off:.1g} beside it"
    return dataclasses.replace(result, problem=problem, reference=position)
