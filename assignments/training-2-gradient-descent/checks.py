"""Training 2: loss, gradient and step of a straight-line fit, on fresh data.

Data comes as the notebook passes it: x and y (n,), together (2, n); parameters (2, 1).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assignments.vocabulary import Ask, FunctionTask, Outcome, Setting, Trial, check, in_its_size, judge_function
from assignments.vocabulary.fitting import LOSS_PROBE, MODELS_SOURCE, fit_data, loss_task, loss_trials
from assignments.vocabulary.probing import ProbedAsk
from reference.comparators.arrays import Comparison, Tolerance, compare_array
from reference.comparators.numbers import Floats
from reference.comparators.steps import StepWanted, compare_step
from reference.implementations import fitting, line_search
from reference.misconceptions import Misconception
from reference.plain import Plain

POINTS = 12  # of the notebook's data
STEP_PROBE = (
    MODELS_SOURCE
    + """
def probe(phi, data):
    import __main__
    return __main__.gradient_descent_step(phi, data, probe_model("line"))
"""
)

# A vector field that is no gradient, and a search that only knows whether it is asked along it or against it, and how
# long the direction is: so the step is judged alone, and nothing of the other answers enters the kernel. A step that
# calls neither is judged by what it does for the straight line.
FORWARD, BACKWARD = 0.3, 0.05
STAND_INS = """
def compute_gradient(data_x, data_y, phi):
    return phi * 0.7 - 0.3 * data_x.mean() + 0.2 * data_y.mean()

def line_search(data, model, phi, gradient, *others, **options):
    along = compute_gradient(data[0], data[1], phi)
    gradient = gradient.reshape(along.shape)
    size = float((gradient ** 2).sum()) ** 0.5 or 1.0
    times = float((along ** 2).sum()) ** 0.5 / size
    return times * (0.3 if float((along * gradient).sum()) < 0 else 0.05)
"""


def stand_in_gradient(phi: Floats, data: Floats) -> Floats:
    """The same as in STAND_INS."""
    return np.asarray(phi * 0.7 - 0.3 * data[0].mean() + 0.2 * data[1].mean())


def gradient_of(phi: Floats, data: Floats) -> Floats:
    return fitting.line_gradient(data[0], data[1], phi)


def length(phi: Floats, data: Floats, direction: Floats) -> float:
    """The step length that the notebook's own line search finds."""
    return line_search.along(lambda t: fitting.compute_loss(data[0], data[1], "line", phi + t * direction))


def wanted_step(phi: Floats, data: Floats) -> StepWanted:
    gradient = gradient_of(phi, data)
    end = phi - length(phi, data, -gradient) * gradient
    return StepWanted(phi, gradient, end, lambda at: fitting.compute_loss(data[0], data[1], "line", at))


def step_misconceptions(gradient: Any, along: Any) -> list[Misconception]:
    """`gradient(phi, data)` and `along(phi, data, direction)` are what the student's code calls."""

    def of(compute: Any) -> Any:
        """`compute(phi, gradient, forward, backward)`, with the lengths found against and along the gradient."""

        def wrong(phi: Floats, data: Floats) -> Any:
            g = gradient(phi, data)
            return compute(phi, g, along(phi, data, -g), along(phi, data, g))

        return wrong

    return [
        Misconception(
            "placeholder", "The parameters come back unchanged: no step is taken.", of(lambda phi, g, s, t: phi)
        ),
        Misconception(
            "step-uphill",
            "The step goes along the gradient: that is uphill.",
            of(lambda phi, g, s, t: phi + s * g),
        ),
        Misconception(
            "searched-uphill",
            "The line search looks along the gradient, where the loss only rises: it must look the other way.",
            of(lambda phi, g, s, t: phi - t * g),
        ),
        Misconception(
            "searched-uphill",
            "Line search and step both go along the gradient: that is uphill.",
            of(lambda phi, g, s, t: phi + t * g),
        ),
        Misconception(
            "step-length-missing",
            "The whole gradient is subtracted: the step length from the line search has no effect.",
            of(lambda phi, g, s, t: phi - g),
        ),
        Misconception(
            "step-only", "This is only the step; the new parameters are asked.", of(lambda phi, g, s, t: -s * g)
        ),
        Misconception(
            "step-only", "This is only the step; the new parameters are asked.", of(lambda phi, g, s, t: s * g)
        ),
        Misconception("length-for-step", "The gradient is missing from the step.", of(lambda phi, g, s, t: phi - s)),
    ]


def compare_gradient(got: Plain, want: Floats) -> Comparison:
    scale = float(np.max(np.abs(want)))
    return compare_array(got, want, Tolerance(relative=1e-6, absolute=1e-9 * scale))


GRADIENT = FunctionTask(
    function="compute_gradient",
    parameters=("data_x", "data_y", "phi"),
    reference=fitting.line_gradient,
    misconceptions=fitting.LINE_GRADIENT,
    compare=compare_gradient,
    placeholder=0.0,
    notebook_globals={"phi": ("phi",)},
    notebook_results=("gradient",),
)

STEP = FunctionTask(
    function="gradient_descent_step",
    parameters=("phi", "data", "model"),
    reference=wanted_step,
    misconceptions=step_misconceptions(gradient_of, length),
    compare=compare_step,
    settings=(
        Setting(
            given=STAND_INS,
            reference=lambda phi, data: phi - FORWARD * stand_in_gradient(phi, data),
            misconceptions=step_misconceptions(
                stand_in_gradient,
                lambda phi, data, direction: (
                    FORWARD if np.sum(direction * stand_in_gradient(phi, data)) < 0 else BACKWARD
                ),
            ),
        ),
        Setting(),
    ),
)


@check("compute_loss")
def compute_loss(ask: Ask) -> Outcome:
    trials = loss_trials(ask.rng, "line", (POINTS, 7, int(ask.rng.integers(15, 30))))
    material = in_its_size(POINTS, "data_x", lambda: loss_trials(ask.rng, "line", (POINTS,) * 3))
    return judge_function(ProbedAsk(ask, "compute_loss", LOSS_PROBE), loss_task("line"), trials, material)


@check("compute_gradient")
def compute_gradient(ask: Ask) -> Outcome:
    def of_sizes(*sizes: int) -> list[Trial]:
        return [Trial(fit_data(ask.rng, "line", n), count=n) for n in sizes]

    trials = of_sizes(POINTS, 7, int(ask.rng.integers(15, 30)))
    material = in_its_size(POINTS, "data_x", lambda: of_sizes(POINTS, POINTS, POINTS))
    return judge_function(ask, GRADIENT, trials, material)


@check("gradient_descent_step")
def gradient_descent_step(ask: Ask) -> Outcome:
    def of_sizes(*sizes: int) -> list[Trial]:
        trials = []
        for n in sizes:
            x, y, phi = fit_data(ask.rng, "line", n)
            trials.append(Trial((phi, np.stack([x, y])), count=n))
        return trials

    material = in_its_size(POINTS, "data", lambda: of_sizes(*[POINTS] * 4))
    probed = ProbedAsk(ask, "gradient_descent_step", STEP_PROBE)
    return judge_function(probed, STEP, of_sizes(POINTS, POINTS, 9, 20), material)
