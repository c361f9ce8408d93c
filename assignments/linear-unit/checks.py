"""The linear unit: loss and gradient of a point, three kinds of descent."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from assignments.asking import Call, Got
from assignments.vocabulary import (
    Ask,
    Conclusion,
    FunctionTask,
    Outcome,
    Setting,
    Trial,
    check,
    judge_function,
)
from assignments.vocabulary.batch_descent import Asked, Descents, judge_descents
from assignments.vocabulary.own_function import OwnFunction, derivative_of_own
from assignments.vocabulary.probes import as_probe, judge_probe, missing_name, no_value
from reference.comparators.arrays import Tolerance, compare_array
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.implementations import linear_unit

MANY_CALLS = 12
NEAR = Tolerance(relative=1e-6, absolute=1e-9)
compare = functools.partial(compare_array, tolerance=NEAR)

LOSS = FunctionTask(
    function="loss_i",
    parameters=("w", "x_i", "y_i"),
    reference=linear_unit.loss_i,
    misconceptions=linear_unit.LOSS_I,
    notebook_globals={"w": ("w",)},
)

OWN_LOSS = OwnFunction(
    names=("`loss_i`",),
    point=lambda trial: trial.arguments[:1],
    call=lambda trial, w: Call("loss_i", (*w, *trial.arguments[1:])),
)

# The material's own function prints and plots, and returns nothing: the weights are then those of its last plot.
DESCENT_PROBE = as_probe(
    "gradient_descent(X, y, eta, T)",
    """
def _probe(X, y, eta, T):
    import __main__
    seen = []
    def plot_perceptron(ax, X, y, w):
        seen.append(w)
    before = vars(__main__).get('plot_perceptron')
    vars(__main__)['plot_perceptron'] = plot_perceptron
    try:
        w = __main__.gradient_descent(X, y, eta, T)
    finally:
        if before is None:
            del vars(__main__)['plot_perceptron']
        else:
            vars(__main__)['plot_perceptron'] = before
    return seen[-1] if w is None and seen else w
""",
)

# Another loss than the one asked for, in place of the student's: a mistake in it does not count twice, and the right
# gradient does not enter the kernel.
OTHER_LOSS = """
def loss_i(w, x_i, y_i):
    return 0.25 * (sum(a * b for a, b in zip(w, x_i)) - 2 * y_i + 0.7) ** 2

def grad_loss_i(w, x_i, y_i):
    return 0.5 * (sum(a * b for a, b in zip(w, x_i)) - 2 * y_i + 0.7) * x_i
"""
OTHER_NOTE = (
    "Graded with another loss in place of your `loss_i` and `grad_loss_i`, so that a mistake there does not count "
    "twice."
)


def other_gradient(w: Floats, x_i: Floats, y_i: float) -> Floats:
    slope: Floats = 0.5 * (np.dot(w, x_i) - 2 * float(np.ravel(y_i)[0]) + 0.7) * x_i
    return slope


DESCENT = FunctionTask(
    function="gradient_descent(X, y, eta, T)",
    parameters=("X", "y", "eta", "T"),
    reference=linear_unit.gradient_descent,
    misconceptions=linear_unit.descent_mistakes(),
    compare=compare,
    notebook_globals={"X": ("X",), "y": ("y",)},
    settings=(
        Setting(given=DESCENT_PROBE),
        Setting(
            given=OTHER_LOSS + DESCENT_PROBE,
            reference=functools.partial(linear_unit.gradient_descent, gradient=other_gradient),
            misconceptions=linear_unit.descent_mistakes(other_gradient),
            note=OTHER_NOTE,
        ),
    ),
)

REGRESSION = FunctionTask(
    function="linear_regression_descent",
    parameters=("X", "y", "eta", "T"),
    reference=linear_unit.linear_regression_descent,
    misconceptions=linear_unit.LINEAR_REGRESSION,
    compare=compare,
    notebook_globals={"X": ("X",), "y": ("y",)},
)

# Called several times in a row, because the notebook's random state is put back after every call of the check's.
BATCH = "mini_batch_descent(X, y, eta, T, m)"
BATCH_PROBE = as_probe(
    BATCH,
    f"""
def _probe(X, y, eta, T, m):
    import __main__
    return [__main__.mini_batch_descent(X.copy(), y.copy(), eta, T, m) for _ in range({MANY_CALLS})]
""",
)


@check("loss_i")
def loss_i(ask: Ask) -> Outcome:
    return judge_function(ask, LOSS, point_trials(ask.rng))


@check("grad_loss_i")
def grad_loss_i(ask: Ask) -> Outcome:
    task = FunctionTask(
        function="grad_loss_i",
        parameters=("w", "x_i", "y_i"),
        reference=linear_unit.grad_loss_i,
        misconceptions=linear_unit.GRAD_LOSS_I,
        recognise=lambda tried: derivative_of_own(ask, OWN_LOSS, tried),
        notebook_globals={"w": ("w",)},
    )
    return judge_function(ask, task, point_trials(ask.rng))


@check("gradient_descent")
def gradient_descent(ask: Ask) -> Outcome:
    trials = []
    for points, steps, situation in ((12, 1, "after one step"), (15, 3, ""), (20, 8, ""), (9, 5, "")):
        X, y = two_classes(ask.rng, points)
        trials.append(Trial((X, y, float(ask.rng.uniform(0.02, 0.06)), steps), situation, count=points))
    return judge_probe(ask, ["gradient_descent"], DESCENT, trials)


@check("linear_regression_descent")
def linear_regression_descent(ask: Ask) -> Outcome:
    trials = []
    # Steps so small that a sum in place of the mean does not run away, and the mistake can still be named.
    for points, steps, situation in (
        (14, 1, "after one step"),
        (11, 6, ""),
        (17, 40, ""),
        (13, 3000, "after many steps"),
    ):
        X = with_ones(ask.rng.normal(size=(points, 2)))
        y = X @ ask.rng.uniform(-2, 2, size=3) + ask.rng.normal(scale=0.5, size=points)
        trials.append(
            Trial((X, y.reshape(-1, 1), float(ask.rng.uniform(0.005, 0.012)), steps), situation, count=points)
        )
    return judge_function(ask, REGRESSION, trials)


@check("mini_batch_descent")
def mini_batch_descent(ask: Ask) -> Outcome:
    gone = missing_name(ask, ["mini_batch_descent"])
    if gone is not None:
        return gone
    eta = float(ask.rng.uniform(0.2, 0.5))
    one, two, full = (two_classes(ask.rng, points) for points in (8, 5, 7))
    asked = Descents(Asked(*one, eta, 1, 3), Asked(*two, eta, 2, 2), Asked(*full, eta, 4, 7), linear_unit.grad_loss_i)
    own = judge_batches(ask, asked, BATCH_PROBE)
    if own.conclusion is not Conclusion.FAILED and own.conclusion is not Conclusion.PARTIAL:
        return own
    other = judge_batches(ask, dataclasses.replace(asked, gradient=other_gradient), OTHER_LOSS + BATCH_PROBE)
    if other.fraction <= own.fraction:
        return own
    return dataclasses.replace(other, message=f"{other.message} {OTHER_NOTE}")


def judge_batches(ask: Ask, asked: Descents, given: str) -> Outcome:
    replies = ask.calls([Call(BATCH, part.arguments, given=given) for part in (asked.one, asked.two, asked.full)])
    stopped = no_value(replies, BATCH)
    if stopped is not None:
        return stopped
    one, two, full = ([weights(value) for value in values_of(reply)] for reply in replies)
    return judge_descents(asked, one, two, full)


def values_of(reply: object) -> list[object]:
    value = reply.value if isinstance(reply, Got) else None
    return list(value) if isinstance(value, list | tuple) else [None]


def weights(value: object, size: int = 3) -> Floats | None:
    numbers = to_numbers(value)  # type: ignore[arg-type]
    if not isinstance(numbers, Numbers) or numbers.array.size != size or not np.all(np.isfinite(numbers.array)):
        return None
    return numbers.array.ravel()


def point_trials(rng: np.random.Generator) -> list[Trial]:
    """The label is an array with one entry, as in the notebook; both labels occur."""
    trials = []
    for number in range(8):
        label = number % 2
        x = np.array([1.0, *rng.normal(scale=1.5, size=2)])
        w = rng.normal(size=3) + 0.3
        trials.append(Trial((w, x, np.array([float(label)])), f"for a point with the label {label}"))
    return trials


def two_classes(rng: np.random.Generator, points: int) -> tuple[Floats, Floats]:
    """Overlapping classes; X (points, 3) with a column of ones, y (points, 1)."""
    y = rng.permutation(np.arange(points) % 2).astype(float).reshape(-1, 1)
    X = rng.normal(size=(points, 2)) + y * rng.uniform(0.3, 1.2, size=2)
    return with_ones(X), y


def with_ones(X: Floats) -> Floats:
    return np.concatenate([np.ones((len(X), 1)), X], axis=1)
