"""Automatic differentiation: the function, its derivative by hand, and by autograd."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from assignments.asking import Call
from assignments.vocabulary import Ask, FunctionTask, Outcome, Setting, Trial, Tried, check, judge_function
from assignments.vocabulary.own_function import OwnFunction, derivative_of_own
from reference.comparators.arrays import Tolerance, compare_array
from reference.implementations import autodiff
from reference.relations import Diagnosis

# Near a zero of the derivative two large terms cancel. So near that eight results in single precision, or by a
# difference quotient, are never all taken for right.
TOLERANCE = Tolerance(relative=1e-10, absolute=1e-11)
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


# In both derivatives x is a number, so the function's value is one too.
OWN_FUNC = OwnFunction(
    names=("`func`",),
    point=lambda trial: [np.asarray(trial.arguments[0])],
    call=lambda trial, moved: Call("func", (float(moved[0]),)),
)


@check("func")
def func(ask: Ask) -> Outcome:
    return judge_function(ask, FUNC, points(ask.rng))


@check("grad_func")
def grad_func(ask: Ask) -> Outcome:
    return judge_derivative(ask, GRAD)


@check("sequential_func")
def sequential_func(ask: Ask) -> Outcome:
    return judge_derivative(ask, SEQUENTIAL)


def judge_derivative(ask: Ask, task: FunctionTask) -> Outcome:
    def recognise(tried: Sequence[Tried]) -> Diagnosis | None:
        return rough(tried) or derivative_of_own(ask, OWN_FUNC, tried)

    return judge_function(ask, dataclasses.replace(task, recognise=recognise), points(ask.rng))


def points(rng: np.random.Generator) -> list[Trial]:
    """Away from 0, where the derivative is 0 whatever the mistake."""
    sizes = rng.uniform(0.25, 1.4, size=8)
    return [
        Trial((float(sign * size),), f"for a {'negative' if sign < 0 else 'positive'} x")
        for sign, size in zip([1, -1] * 4, sizes, strict=True)
    ]
