"""Shallow networks: the notebook's functions on fresh inputs, and the loss of the parameters fitted by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from assignments.asking import Got
from assignments.outcome import Conclusion
from assignments.vocabulary import Ask, FunctionTask, Outcome, Part, Trial, check, explain, in_its_size, judge_function
from assignments.vocabulary.probing import ProbedAsk
from assignments.vocabulary.several import Group, SeveralTask, judge_several
from reference.comparators.arrays import Comparison, Tolerance
from reference.comparators.functions import Curve, compare_function
from reference.comparators.numbers import Numbers, to_numbers
from reference.comparators.thresholds import Band, judge_bands
from reference.implementations import activations, losses, shallow_networks
from reference.plain import Plain

PHI = ("phi_0", "phi_1", "phi_2", "phi_3")
THETA_1 = ("theta_10", "theta_11", "theta_20", "theta_21", "theta_30", "theta_31")
THETA_2 = tuple(f"theta_{unit}{place}" for unit in (1, 2, 3) for place in (0, 1, 2))
PARTS = (Part("relu", 0.7, "with ReLU"), Part("bend", 0.3, "with another activation function"))
BANDS = (Band(0.5, 1.0), Band(1.5, 0.7), Band(4.0, 0.4))
POINTS = 20  # of the notebook's data
START_LOSS = 9.384  # of the starter's parameters, rounded down
# Functions cannot be sent: the activation travels as its name. `bend` is in no notebook.
PROBE = """
def probe(*arguments):
    import __main__
    def relu(z):
        return (abs(z) + z) / 2
    def bend(z):
        return 0.9 * abs(z) - 0.2 * z + 0.1
    passed = [{"relu": relu, "bend": bend}[a] if isinstance(a, str) else a for a in arguments]
    return __main__.FUNCTION(*passed)
"""


def groups(output: float, others: float) -> tuple[Group, ...]:
    return (
        Group("the output", output, (0,)),
        Group("the preactivations", others, (1, 2, 3)),
        Group("the activations", others, (4, 5, 6)),
        Group("the weighted activations", others, (7, 8, 9)),
    )


ONE_INPUT = SeveralTask(
    function="shallow_1_1_3",
    parameters=("x", "activation_fn", *PHI, *THETA_1),
    count=10,
    reference=shallow_networks.network(1),
    misconceptions=shallow_networks.misconceptions(1),
    groups=groups(0.4, 0.2),
    parts=PARTS,
)
TWO_INPUTS = SeveralTask(
    function="shallow_2_1_3",
    parameters=("x1", "x2", "activation_fn", *PHI, *THETA_2),
    count=10,
    reference=shallow_networks.network(2),
    misconceptions=shallow_networks.misconceptions(2),
    groups=groups(0.4, 0.2),
    parts=PARTS,
)


def compare_values(got: Plain, want: Any) -> Comparison:
    return compare_function(got, want, Tolerance(relative=1e-6, absolute=1e-12))


def curve(function: Callable[[Any], Any]) -> Callable[[Any], Curve]:
    """An activation function over its domain: a wrong one is told where it is wrong."""
    return lambda z: Curve(z, function(z), "the preactivation")


RELU = FunctionTask(
    function="ReLU",
    parameters=("preactivation",),
    elementwise=(0,),
    reference=curve(activations.relu),
    misconceptions=shallow_networks.RELU,
    compare=compare_values,
)
SIGMOID = FunctionTask(
    function="sigmoid",
    parameters=("preactivation",),
    elementwise=(0,),
    reference=curve(shallow_networks.sigmoid),
    misconceptions=shallow_networks.SIGMOID,
    compare=compare_values,
)
LOSS = FunctionTask(
    function="least_squares_loss",
    parameters=("y_train", "y_predict"),
    reference=losses.sum_of_squares,
    misconceptions=losses.SUM_OF_SQUARES,
    placeholder=0.0,
    notebook_globals={"y_train": ("y_train",), "y_predict": ("y_predict",)},
    notebook_results=("loss",),
)


@check("ReLU")
def relu(ask: Ask) -> Outcome:
    trials = []
    for n in (5, 12, 40):
        values = ask.rng.uniform(-2.5, 2.5, size=n)
        values[:4] = ask.rng.permutation([-1.7, -0.4, 0.3, 1.9]) * ask.rng.uniform(0.9, 1.1, size=4)
        trials.append(Trial((values,)))
    return judge_function(ask, RELU, trials)


@check("sigmoid")
def sigmoid(ask: Ask) -> Outcome:
    trials = [Trial((ask.rng.uniform(-0.8, 0.8, size=n),)) for n in (4, 11, 30)]
    return judge_function(ask, SIGMOID, trials)


@check("shallow_1_1_3")
def shallow_1_1_3(ask: Ask) -> Outcome:
    return judge_several(probed(ask, ONE_INPUT.function), ONE_INPUT, network_trials(ask.rng, 1))


@check("shallow_2_1_3")
def shallow_2_1_3(ask: Ask) -> Outcome:
    return judge_several(probed(ask, TWO_INPUTS.function), TWO_INPUTS, network_trials(ask.rng, 2))


@check("least_squares_loss")
def least_squares_loss(ask: Ask) -> Outcome:
    def of_sizes(*sizes: int) -> list[Trial]:
        trials = []
        for n in sizes:
            y = ask.rng.normal(0.2, 0.4, size=n)
            predicted = y + ask.rng.uniform(0.1, 0.6, size=n) * ask.rng.choice([-1.0, 1.0], size=n)
            trials.append(Trial((y, predicted), count=n))
        return trials

    material = in_its_size(POINTS, "y_train", lambda: of_sizes(POINTS, POINTS, POINTS))
    return judge_function(ask, LOSS, of_sizes(3, POINTS, int(ask.rng.integers(25, 60))), material)


@check("parameters")
def parameters(ask: Ask) -> Outcome:
    values = {}
    for name in (*PHI, *THETA_1):
        reply = ask.read(name)
        if not isinstance(reply, Got):
            return explain(reply, name)
        read = to_numbers(reply.value)
        if not isinstance(read, Numbers) or read.array.size != 1 or not np.isfinite(read.array).all():
            return Outcome(Conclusion.FAILED, 0.0, f"`{name}` is no single number.", "not-a-scalar")
        values[name] = float(read.array.ravel()[0])
    loss = shallow_networks.course_loss([values[name] for name in PHI], [values[name] for name in THETA_1])
    banded = judge_bands(loss, BANDS)
    message = f"With your parameters the loss is {loss:.3f}."
    if banded.fraction == 1:
        return Outcome(Conclusion.PASSED, 1.0, message)
    more = f"{message} Below {banded.next_below:g} it earns more."
    if banded.fraction:
        return Outcome(Conclusion.PARTIAL, banded.fraction, more, "fit-not-close")
    return Outcome(Conclusion.FAILED, 0.0, more, "fit-not-better" if loss > START_LOSS else "fit-far-off")


def probed(ask: Ask, function: str) -> ProbedAsk:
    return ProbedAsk(ask, function, PROBE.replace("FUNCTION", function))


def network_trials(rng: np.random.Generator, inputs: int) -> list[Trial]:
    """Parameters of which no two are alike, and units that are on for some inputs and off for others."""
    trials: list[Trial] = []
    shapes = [(9,), (24,)] if inputs == 1 else [(17,), (5, 7)]
    for part, situation in (("relu", "with ReLU"), ("bend", "with another activation function")):
        for shape in shapes:
            xs = [rng.uniform(-1.0, 1.5, size=shape) for _ in range(inputs)]
            phi = rng.permutation([-1.3, 2.1, 0.7, -0.4]) * rng.uniform(0.8, 1.2, size=4)
            thetas = mixed_units(rng, xs)
            numbers = [float(number) for number in (*phi, *thetas)]
            trials.append(Trial((*xs, part, *numbers), situation, part))
    return trials


def mixed_units(rng: np.random.Generator, xs: list[Any]) -> Any:
    """Intercepts and slopes of three units, each of which is off for a third to two thirds of the inputs."""
    thetas = []
    for _ in range(3):
        slopes = rng.uniform(0.4, 2.0, size=len(xs)) * rng.choice([-1.0, 1.0], size=len(xs))
        risen = sum(slope * x for slope, x in zip(slopes, xs, strict=True))
        thetas.append([-float(np.quantile(risen, rng.uniform(0.35, 0.65))), *slopes])
    return np.ravel(thetas)
