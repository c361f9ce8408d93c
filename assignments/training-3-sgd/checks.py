"""Training 3: loss, step of fixed size and stochastic step for the Gabor model, on fresh data.

Data is (2, n), parameters are (2, 1). A stochastic step has no single right result: see reference.comparators.batches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from assignments.vocabulary import Ask, FunctionTask, Outcome, Setting, Trial, check, in_its_size, judge_function
from assignments.vocabulary.fitting import LOSS_PROBE, MODELS_SOURCE, fit_data, loss_task, loss_trials
from assignments.vocabulary.probing import ProbedAsk
from reference.comparators.batches import BatchesWanted, compare_steps
from reference.comparators.numbers import Floats
from reference.implementations import fitting
from reference.misconceptions import Misconception

Shares: TypeAlias = Callable[[Floats, Floats, Floats], Floats]  # each point's share of the gradient, (2, n)

POINTS = 30  # of the notebook's data
FIXED_PROBE = (
    MODELS_SOURCE
    + """
def probe(phi, data, alpha):
    import __main__
    return __main__.gradient_descent_step_fixed_learning_rate(phi, data, probe_model("gabor"), alpha)
"""
)
STOCHASTIC_PROBE = (
    MODELS_SOURCE
    + """
def probe(phi, data, alpha, batch_size, calls):
    import __main__
    step, model = __main__.stochastic_gradient_descent_step, probe_model("gabor")
    return [step(phi.copy(), data.copy(), model, alpha, batch_size) for _ in range(calls)]
"""
)
# A vector field that is no gradient but, like one, a sum over the data points: so the steps are judged alone, and the
# notebook's own gradient may be lost. Steps that do not call it are judged with the Gabor model's gradient.
STAND_IN = """
def compute_gradient(data_x, data_y, phi):
    import numpy
    first = (0.2 * phi[0] + 0.3 * data_y + 0.01 * data_x).sum()
    second = (0.05 * data_x * phi[1] - 0.4 * data_y * data_x).sum()
    return numpy.array([[first], [second]])
"""


def stand_in_shares(data_x: Floats, data_y: Floats, phi: Floats) -> Floats:
    """The same as STAND_IN, point by point."""
    phi = phi.ravel()
    first = 0.2 * phi[0] + 0.3 * data_y + 0.01 * data_x
    return np.stack([first, 0.05 * data_x * phi[1] - 0.4 * data_y * data_x])


def fixed_step(shares: Shares) -> Callable[..., Floats]:
    return lambda phi, data, alpha: phi - alpha * shares(data[0], data[1], phi).sum(axis=1, keepdims=True)


def fixed_misconceptions(shares: Shares) -> list[Misconception]:
    def of(compute: Callable[[Floats, Floats, float, int], Any]) -> Callable[..., Any]:
        """`compute(phi, gradient, alpha, points)`."""
        return lambda phi, data, alpha: compute(
            phi, shares(data[0], data[1], phi).sum(axis=1, keepdims=True), alpha, data.shape[1]
        )

    return [
        Misconception("placeholder", "The parameters come back unchanged: no step is taken.", of(lambda p, g, a, n: p)),
        Misconception(
            "step-uphill", "The step goes along the gradient: that is uphill.", of(lambda p, g, a, n: p + a * g)
        ),
        Misconception(
            "alpha-ignored",
            "The whole gradient is subtracted: `alpha` has no effect.",
            of(lambda p, g, a, n: p - g),
        ),
        Misconception(
            "mean-for-sum",
            "The gradient is divided by the number of data points; take it as `compute_gradient` gives it.",
            of(lambda p, g, a, n: p - a * g / n),
        ),
        Misconception(
            "step-only", "This is only the step; the new parameters are asked.", of(lambda p, g, a, n: -a * g)
        ),
        Misconception(
            "step-only", "This is only the step; the new parameters are asked.", of(lambda p, g, a, n: a * g)
        ),
        Misconception("gradient-missing", "The gradient is missing from the step.", of(lambda p, g, a, n: p - a)),
    ]


def batches_wanted(shares: Shares) -> Callable[..., BatchesWanted]:
    def wanted(phi: Floats, data: Floats, alpha: float, batch_size: int, calls: int) -> BatchesWanted:
        x, y = data
        i, j = np.indices((x.size, x.size)).reshape(2, -1)
        mixed = shares(x[i], y[j], phi) if x.size < 10 else np.zeros((2, 0))
        return BatchesWanted(phi, shares(x, y, phi), alpha, batch_size, mixed)

    return wanted


FIXED = FunctionTask(
    function="gradient_descent_step_fixed_learning_rate",
    parameters=("phi", "data", "alpha"),  # as the probe takes them, which passes the notebook's own model
    reference=fixed_step(fitting.gabor_gradients),
    misconceptions=fixed_misconceptions(fitting.gabor_gradients),
    settings=(
        Setting(
            given=STAND_IN,
            reference=fixed_step(stand_in_shares),
            misconceptions=fixed_misconceptions(stand_in_shares),
        ),
        Setting(),
    ),
)

STOCHASTIC = FunctionTask(
    function="stochastic_gradient_descent_step",
    parameters=("phi", "data", "alpha", "batch_size"),
    reference=batches_wanted(fitting.gabor_gradients),
    compare=compare_steps,
    credit={"first-points": 0.4, "always-same-batch": 0.4},
    settings=(Setting(given=STAND_IN, reference=batches_wanted(stand_in_shares)), Setting()),
)


@check("compute_loss")
def compute_loss(ask: Ask) -> Outcome:
    sizes = (30, 7, int(ask.rng.integers(12, 25)))
    trials = loss_trials(ask.rng, "gabor", sizes)
    material = in_its_size(POINTS, "data_x", lambda: loss_trials(ask.rng, "gabor", (POINTS,) * 3))
    return judge_function(ProbedAsk(ask, "compute_loss", LOSS_PROBE), loss_task("gabor"), trials, material)


@check("gradient_descent_step_fixed_learning_rate")
def gradient_descent_step_fixed_learning_rate(ask: Ask) -> Outcome:
    def of_sizes(*sizes: int) -> list[Trial]:
        return [
            Trial((*parameters_and_data(ask.rng, n), float(ask.rng.uniform(low, low + 0.3))), count=n)
            for n, low in zip(sizes, (0.05, 0.45, 1.1), strict=True)
        ]

    material = in_its_size(POINTS, "data", lambda: of_sizes(POINTS, POINTS, POINTS))
    return judge_function(ProbedAsk(ask, FIXED.function, FIXED_PROBE), FIXED, of_sizes(POINTS, 9, 17), material)


@check("stochastic_gradient_descent_step")
def stochastic_gradient_descent_step(ask: Ask) -> Outcome:
    """Eight points give 56 batches of three; 80 calls leave out one of the points once in 10^15 times. Of thirty, 200
    calls with batches of three leave one out once in 10^7 times."""

    def of_sizes(*sizes: tuple[int, int, int]) -> list[Trial]:
        trials = []
        for n, batch_size, calls in sizes:
            alpha = float(ask.rng.uniform(0.1, 0.9))
            said = f"with batches of {batch_size}"
            trials.append(Trial((*parameters_and_data(ask.rng, n), alpha, batch_size, calls), said))
        return trials

    trials = of_sizes((8, 3, 80), (7, 2, 80), (9, 1, 200))
    of_thirty = ((POINTS, 3, 200), (POINTS, 2, 400))
    material = in_its_size(POINTS, "data", lambda: of_sizes(*of_thirty), stops_elsewhere=True)
    return judge_function(ProbedAsk(ask, STOCHASTIC.function, STOCHASTIC_PROBE), STOCHASTIC, trials, material)


def parameters_and_data(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    """phi (2, 1) and data (2, n); every point has a share of the gradient that matters."""
    while True:
        x, y, phi = fit_data(rng, "gabor", n)
        x = rng.uniform(-7.0, 7.0, size=n)
        y = y + rng.uniform(0.2, 0.6, size=n) * rng.choice([-1.0, 1.0], size=n)
        shares = np.abs(np.concatenate([fitting.gabor_gradients(x, y, phi), stand_in_shares(x, y, phi)]))
        if np.all(shares.max(axis=0) > 0.02):
            return phi, np.stack([x, y])
