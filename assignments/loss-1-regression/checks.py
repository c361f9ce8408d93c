"""Loss 1: density, likelihood, negative log likelihood and sum of squares on fresh data.

Data comes as (n,), predictions as (1, n) and sigma as a number, as the notebook passes them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assignments.vocabulary import (
    Ask,
    FunctionTask,
    Outcome,
    Part,
    Setting,
    Trial,
    check,
    in_its_size,
    judge_function,
)
from assignments.vocabulary.likelihoods import POINTS, judge_logarithm, judge_product, not_reduced, product_underflowed
from reference.implementations import losses
from reference.plain import Array

# A density that is not the normal one: a right likelihood multiplies whatever density it is given, and nothing of
# the answer to the first question enters the kernel.
OTHER_DENSITY = """
def normal_distribution(y, mu, sigma):
    z = (y - mu) / sigma
    return 1.3 / ((1.0 + z * z) * (1.0 + sigma))
"""
NOTE = (
    "Graded with another density in place of your `normal_distribution`, so that a mistake there does not count twice."
)
NOTEBOOK_GLOBALS = {"y_train": ("y_train",), "mu": ("mu_pred", "mu"), "sigma": ("sigma",)}


def other_density(y: Any, mu: Any, sigma: Any) -> Any:
    """The same as OTHER_DENSITY."""
    z = (y - mu) / sigma
    return 1.3 / ((1.0 + z * z) * (1.0 + sigma))


NORMAL = FunctionTask(
    function="normal_distribution",
    parameters=("y", "mu", "sigma"),
    elementwise=(0, 1),
    reference=losses.normal_distribution,
    parts=(Part("numbers", 0.4, "for single numbers"), Part("arrays", 0.6, "for arrays")),
    misconceptions=losses.NORMAL_DISTRIBUTION,
    placeholder=0.0,
    notebook_globals={"y": ("y_gauss",), "mu": ("mu",), "sigma": ("sigma",)},
)

LIKELIHOOD = FunctionTask(
    function="compute_likelihood",
    parameters=("y_train", "mu", "sigma"),
    reference=losses.likelihood,
    misconceptions=losses.likelihood_misconceptions(),
    placeholder=0.0,
    notebook_globals=NOTEBOOK_GLOBALS,
    notebook_results=("likelihood",),
    recognise=not_reduced,
    settings=(
        Setting(),
        Setting(
            given=OTHER_DENSITY,
            reference=lambda y, mu, sigma: losses.likelihood(y, mu, sigma, other_density),
            misconceptions=losses.likelihood_misconceptions(other_density),
            note=NOTE,
        ),
    ),
)

NLL = FunctionTask(
    function="compute_negative_log_likelihood",
    parameters=("y_train", "mu", "sigma"),
    reference=losses.negative_log_likelihood,
    parts=(Part("few", 0.5, "for up to 20 data points"), Part("many", 0.5, "for thousands of data points")),
    misconceptions=losses.nll_misconceptions(),
    placeholder=0.0,
    notebook_globals=NOTEBOOK_GLOBALS,
    notebook_results=("nll",),
    recognise=lambda tried: product_underflowed(tried) or not_reduced(tried),
    settings=(
        Setting(),
        Setting(
            given=OTHER_DENSITY,
            reference=lambda y, mu, sigma: losses.negative_log_likelihood(y, mu, sigma, other_density),
            misconceptions=losses.nll_misconceptions(other_density),
            note=NOTE,
        ),
    ),
)

SQUARES = FunctionTask(
    function="compute_sum_of_squares",
    parameters=("y_train", "y_pred"),
    reference=losses.sum_of_squares,
    misconceptions=losses.SUM_OF_SQUARES,
    placeholder=0.0,
    notebook_globals={"y_train": ("y_train",), "y_pred": ("y_pred", "mu_pred")},
    notebook_results=("sum_of_squares",),
    recognise=not_reduced,
)


@check("normal_distribution")
def normal_distribution(ask: Ask) -> Outcome:
    rng = ask.rng
    numbers = [(float(rng.uniform(-2, 2)), float(rng.uniform(-2, 2)), deviation(rng)) for _ in range(3)]
    # The notebook's own call passes whole numbers for y and mu.
    numbers += [(int(rng.integers(1, 4)), -int(rng.integers(1, 3)), deviation(rng))]
    arrays = [(rng.uniform(-3, 3, size=n), float(rng.uniform(0.3, 1.5)), deviation(rng)) for n in (7, 100)]
    paired = data(rng, 9)
    trials = [Trial(arguments, "for single numbers", "numbers") for arguments in numbers]
    trials += [Trial(arguments, "for an array of y", "arrays") for arguments in arrays]
    trials += [Trial((*paired, deviation(rng)), "for an array of y and one of means", "arrays")]
    return judge_function(ask, NORMAL, trials)


@check("compute_likelihood")
def compute_likelihood(ask: Ask) -> Outcome:
    return judge_product(ask, LIKELIHOOD, with_deviation)


@check("compute_negative_log_likelihood")
def compute_negative_log_likelihood(ask: Ask) -> Outcome:
    # So many that no drawn sigma keeps the product of the densities above the smallest number there is.
    return judge_logarithm(ask, NLL, with_deviation, "data points", many=4000)


@check("compute_sum_of_squares")
def compute_sum_of_squares(ask: Ask) -> Outcome:
    def of_sizes(*sizes: int) -> list[Trial]:
        return [Trial(data(ask.rng, n), count=n) for n in sizes]

    trials = of_sizes(3, POINTS, int(ask.rng.integers(25, 60)))
    material = in_its_size(POINTS, "y_train", lambda: of_sizes(POINTS, POINTS, POINTS))
    return judge_function(ask, SQUARES, trials, material)


def data(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """y (n,) and predictions (1, n) that are off by about a third."""
    y = rng.normal(0.2, 0.5, size=n)
    return y, (y + rng.uniform(0.1, 0.5, size=n) * rng.choice([-1.0, 1.0], size=n)).reshape(1, n)


def with_deviation(rng: np.random.Generator, n: int) -> tuple[Array, Array, float]:
    return (*data(rng, n), deviation(rng))


def deviation(rng: np.random.Generator) -> float:
    """Neither the notebook's 0.2 nor 1, whose powers are all the same."""
    low, high = [(0.25, 0.75), (1.3, 2.4)][int(rng.integers(2))]
    return float(rng.uniform(low, high))
