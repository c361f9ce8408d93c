"""Automatic differentiation: the function, its derivative by hand, and by autograd."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from assignments.vocabulary import Ask, FunctionTask, Outcome, Setting, Trial, Tried, check, judge_function
from reference.comparators.arrays import Tolerance, compare_array
from reference.implementations import autodiff
from reference.relations import Diagnosis

# Near a zero of the derivative two large terms cancel.
TOLERANCE = Tolerance(relative=1e-7, absolute=1e-8)
ROUGH = 2e-4
compare = functools.partial(compare_array, tolerance=TOLERANCE)

# In place of the student's own derivative, which autograd has no need of.
OUT_OF_ORDER = """
def grad_func(x):
    raise RuntimeError('grad_func is switched off here: let PyTorch find the derivative')
"""


def rough(tried: Sequence[Tried]) -> Diagnosis | None:
    """Right to a few digits only."""
    if all(t.right for t in tried):
        return None
    for t in tried:
        numbers = t.comparison.numbers if t.comparison else None
        if (
            numbers is None
            or numbers.size != 1
            or not abs(float(numbers.ravel()[0]) - t.want) < ROUGH * (1 + abs(t.want))
        ):
            return None
    sentence = (
        "The result is right to a few digits only. Work in double precision (`dtype=torch.float64`), and "
        "differentiate instead of dividing a small difference by a small step."
    )
    return Diagnosis("low-precision", sentence)


FUNC = FunctionTask(
    function="func",
    parameters=("x",),
    reference=autodiff.func,
    misconceptions=autodiff.FUNC,
    compare=compare,
    credit={"low-precision": 0.6},
    recognise=rough,
    notebook_globals={"x": ("x_input",)},
)
GRAD = dataclasses.replace(FUNC, function="grad_func", reference=autodiff.grad_func, misconceptions=autodiff.GRAD)
SEQUENTIAL = dataclasses.replace(GRAD, function="sequential_func", settings=(Setting(given=OUT_OF_ORDER),))


@check("func")
def func(ask: Ask) -> Outcome:
    return judge_function(ask, FUNC, points(ask.rng))


@check("grad_func")
def grad_func(ask: Ask) -> Outcome:
    return judge_function(ask, GRAD, points(ask.rng))


@check("sequential_func")
def sequential_func(ask: Ask) -> Outcome:
    return judge_function(ask, SEQUENTIAL, points(ask.rng))


def points(rng: np.random.Generator) -> list[Trial]:
    """Away from 0, where the derivative is 0 whatever the mistake."""
    sizes = rng.uniform(0.25, 1.4, size=8)
    return [
        Trial((float(sign * size),), f"for a {'negative' if sign < 0 else 'positive'} x")
        for sign, size in zip([1, -1] * 4, sizes, strict=True)
    ]
