"""Functions over a domain: the values at many points, and for which part of the domain they are wrong."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from reference.comparators.arrays import Comparison, Tolerance, compare_array
from reference.comparators.numbers import Floats
from reference.plain import Plain

FEWEST = 2  # points on either side, for a statement about a part of the domain


@dataclass(frozen=True, eq=False)
class Curve:
    """The right `values` at the `points`, both (n,); `name` is what the student calls a point."""

    points: Floats
    values: Floats
    name: str = "x"


def compare_function(got: Plain, want: Curve | Floats, tolerance: Tolerance | None = None) -> Comparison:
    """With an array as `want` (a mistake's result) the values alone are compared.

    Where the function is right on one part of the domain and wrong on the rest, the sentence says on which. Where one
    part ends is said to two digits, and points are drawn, so no input is told.
    """
    if not isinstance(want, Curve):
        return compare_array(got, np.asarray(want, dtype=np.float64), tolerance)
    result = dataclasses.replace(compare_array(got, want.values, tolerance), reference=want.values)
    numbers = result.numbers
    if result.equal or result.diagnosis is not None or numbers is None or numbers.size != want.values.size:
        return result
    values = np.asarray(want.values, dtype=np.float64).ravel()
    wrong = ~(np.abs(numbers.ravel() - values) <= result.tolerance.allowed(values))
    where = _where(np.asarray(want.points, dtype=np.float64).ravel(), wrong, want.name)
    return dataclasses.replace(result, problem=where) if where else result


def _where(points: Floats, wrong: np.ndarray, name: str) -> str:
    """The part of the domain that is wrong, where it is one piece; else nothing."""
    order = np.argsort(points, kind="stable")
    x, bad = points[order], wrong[order]
    if np.count_nonzero(bad) < FEWEST or np.count_nonzero(~bad) < FEWEST:
        return ""
    ends = np.flatnonzero(bad[1:] != bad[:-1])  # the last point of each piece but the last
    borders = [f"{(x[i] + x[i + 1]) / 2:.2g}" for i in ends]
    if len(ends) == 1:
        right, rest = ("above", "below") if bad[0] else ("below", "above")
        return f"is right where {name} is {right} about {borders[0]}, and wrong where it is {rest}"
    if len(ends) == 2:
        how = ("right", "wrong") if bad[0] else ("wrong", "right")
        return f"is {how[0]} where {name} is between about {borders[0]} and {borders[1]}, and {how[1]} elsewhere"
    return ""
