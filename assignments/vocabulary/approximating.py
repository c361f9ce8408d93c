"""Telling a gradient by finite differences from one that is derived: by its digits.

A derived gradient in double precision is off by a few units of round-off, 1e-15 of its length and a little more through
many layers. A difference quotient cannot be better than about the machine epsilon to the power 2/3, 4e-11, whatever
its step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assignments.vocabulary.trials import Tried

ROUND_OFF = 3e-12  # relative to the length of the gradient
ROUGH = 2e-3  # the same; what a one-sided quotient with too long a step is off by at most
KEY = "finite-differences"


@dataclass(frozen=True)
class Approximation:
    key: str
    message: str
    staff: str


def approximation(tried: Sequence[Tried]) -> Approximation | None:
    """Results that are right in most trials, but with far fewer digits than a derived gradient has."""
    errors = _errors(tried)
    if not errors or float(np.median(errors)) <= ROUND_OFF:
        return None
    message = (
        "The values are right, but only to the digits that a difference quotient gives: derive the gradient instead "
        "of approximating it from changes of the loss."
    )
    return Approximation(KEY, message, _staff(errors))


def rough_approximation(tried: Sequence[Tried]) -> Approximation | None:
    """Results that are wrong, but nearly right in every trial, as those of a coarse difference quotient are. NaN and a
    wrong shape are never nearly right."""
    errors = _errors(tried)
    well_formed = all(t.right or (t.comparison is not None and t.comparison.diagnosis is None) for t in tried)
    near = len(errors) == len(tried) > 0 and all(error <= ROUGH for error in errors)
    if not well_formed or not near or float(np.median(errors)) <= ROUND_OFF:
        return None
    message = (
        "The values are nearly right, as a difference quotient with a coarse step gives them: derive the gradient "
        "instead of approximating it from changes of the loss."
    )
    return Approximation(KEY, message, _staff(errors))


def _errors(tried: Sequence[Tried]) -> list[float]:
    return [error for t in tried if (error := _error(t)) is not None]


def _staff(errors: Sequence[float]) -> str:
    return f"median relative error {np.median(errors):.1g}; a derived gradient is off by about 1e-15"


def _error(t: Tried) -> float | None:
    return None if t.comparison is None or t.comparison.narrow is not None else relative_error(t)


def relative_error(t: Tried) -> float | None:
    """How far the result is from the right one, as a part of that one's length; None where that cannot be said."""
    comparison = t.comparison
    if comparison is None or comparison.numbers is None:
        return None
    want = np.asarray(t.want if comparison.reference is None else comparison.reference, dtype=np.float64)
    length = float(np.linalg.norm(want))
    if not length or comparison.numbers.size != want.size:
        return None
    return float(np.linalg.norm(comparison.numbers.ravel() - want.ravel())) / length
