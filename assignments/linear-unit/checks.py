"""The linear unit: loss and gradient of a point, three kinds of descent."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from assignments.asking import Call, Got
from assignments.vocabulary import (
    Ask,
    Conclusion,
    FunctionTask,
    Outcome,
    Setting,
    Share,
    Trial,
    Tried,
    check,
    combine,
    judge_function,
)
from assignments.vocabulary.probes import as_probe, failed, judge_probe, missing_name, no_value
from reference.comparators.arrays import Tolerance, compare_array
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.implementations import linear_unit
from reference.relations import Diagnosis

STEP = 1e-5
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
    return 0.25 * (sum(a * b for a, b in zip(w, x_i)) - 2 * y_i) ** 2

def grad_loss_i(w, x_i, y_i):
    return 0.5 * (sum(a * b for a, b in zip(w, x_i)) - 2 * y_i) * x_i
"""


def other_gradient(w: Floats, x_i: Floats, y_i: float) -> Floats:
    slope: Floats = 0.5 * (np.dot(w, x_i) - 2 * float(np.ravel(y_i)[0])) * x_i
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
            note="Graded with another loss in place of your `loss_i` and `grad_loss_i`, so that a mistake there does "
            "not count twice.",
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
        recognise=lambda tried: belongs_to_own_loss(ask, tried),
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
    X, y = two_classes(ask.rng, 8)
    full_X, full_y = two_classes(ask.rng, 7)
    calls = [(X, y, eta, 1, 3), (X[:5], y[:5], eta, 2, 2), (full_X, full_y, eta, 4, 7)]
    replies = ask.calls([Call(BATCH, arguments, given=BATCH_PROBE) for arguments in calls])
    stopped = no_value(replies, BATCH)
    if stopped is not None:
        return stopped
    one, two, full = ([weights(value) for value in values_of(reply)] for reply in replies)
    return combine(
        [
            Share(0.6, "one step", judge_one_step(one, X, y, eta)),
            Share(0.2, "two steps", judge_two_steps(two, X[:5], y[:5], eta)),
            Share(0.2, "a batch of all points", judge_all_points(full, full_X, full_y, eta)),
        ]
    )


def judge_one_step(results: Sequence[Floats | None], X: Floats, y: Floats, eta: float) -> Outcome:
    """Every result is a step on some batch of three, and not always on the same."""
    batches = linear_unit.batch_steps(X, y, eta, 3, np.zeros(3))
    found = [matching(result, batches) for result in results]
    if any(index is None for index in found):
        return wrong_step(results, X, y, eta)
    if len(set(found)) == 1:
        return failed("The batch is the same in every call: it must be drawn at random.", "batch-not-random")
    return Outcome(Conclusion.PASSED, 1.0, "Correct.")


def wrong_step(results: Sequence[Floats | None], X: Floats, y: Floats, eta: float) -> Outcome:
    known = (
        ("mean-for-sum", "The gradients of the batch are averaged; their sum is asked.", eta / 3, 3),
        ("uphill", "The steps go uphill: along the gradient instead of against it.", -eta, 3),
        ("rescaled", "The gradients of the batch are scaled up by N/m; their sum alone is asked.", eta * 8 / 3, 3),
        ("all-points", "A step uses all points, not a batch of m.", eta, 8),
        ("all-points", "A step uses all points, not a batch of m.", eta / 8, 8),
        ("single-point", "A step uses a single point, not a batch of m.", eta, 1),
        ("batch-size", "A batch has one point too few.", eta, 2),
        ("batch-size", "A batch has one point too many.", eta, 4),
    )
    for key, sentence, rate, size in known:
        steps = linear_unit.batch_steps(X, y, rate, size, np.zeros(3))
        if all(matching(result, steps) is not None for result in results):
            return failed(sentence, key)
    if any(result is None for result in results):
        return failed("The result is no array of three weights.", "wrong-shape")
    message = "One step from zero is not the step on any batch of m different points (with its own labels)."
    return failed(message)


def judge_two_steps(results: Sequence[Floats | None], X: Floats, y: Floats, eta: float) -> Outcome:
    """Each result is the end of some two steps; in some call the two batches differ."""
    firsts = linear_unit.batch_steps(X, y, eta, 2, np.zeros(3))
    ends = [linear_unit.batch_steps(X, y, eta, 2, first) for first in firsts]
    same = True
    for result in results:
        pairs = [(i, matching(result, ends[i])) for i in range(len(firsts))]
        reached = [(i, j) for i, j in pairs if j is not None]
        if not reached:
            return failed("Two steps do not end where any two batches lead.")
        same = same and any(i == j for i, j in reached)
    if same:
        return failed("Both steps use the same batch: draw a new one for each step.", "batch-drawn-once")
    return Outcome(Conclusion.PASSED, 1.0, "Correct.")


def judge_all_points(results: Sequence[Floats | None], X: Floats, y: Floats, eta: float) -> Outcome:
    end = linear_unit.gradient_descent(X, y, eta, 4)
    if all(matching(result, [end]) is not None for result in results):
        return Outcome(Conclusion.PASSED, 1.0, "Correct.")
    return failed("With m = N a step uses every point once, so the result must be that of gradient descent.")


def belongs_to_own_loss(ask: Ask, tried: Sequence[Tried]) -> Diagnosis | None:
    """The gradient fits finite differences of the student's own loss, which is then what is wrong."""
    if all(t.right for t in tried):
        return None
    for t in tried:
        w, x_i, y_i = (np.asarray(argument) for argument in t.trial.arguments)
        shifts = [sign * STEP * direction for direction in np.eye(len(w)) for sign in (1, -1)]
        replies = ask.calls([Call("loss_i", (w + shift, x_i, y_i)) for shift in shifts])
        values = [weights(reply.value, size=1) if isinstance(reply, Got) else None for reply in replies]
        numbers = t.comparison.numbers if t.comparison else None
        if numbers is None or any(value is None for value in values):
            return None
        losses = np.array([float(value[0]) for value in values if value is not None])
        slope = (losses[0::2] - losses[1::2]) / (2 * STEP)
        if numbers.size != len(w) or not np.any(slope) or not np.allclose(numbers.ravel(), slope, rtol=1e-4, atol=1e-6):
            return None
    return Diagnosis("gradient-of-wrong-loss", "This is the gradient of your own `loss_i`, which is not right yet.")


def matching(result: Floats | None, candidates: Sequence[Floats]) -> int | None:
    if result is None:
        return None
    near = [i for i, w in enumerate(candidates) if np.allclose(result, w, rtol=1e-6, atol=1e-9)]
    return near[0] if near else None


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
