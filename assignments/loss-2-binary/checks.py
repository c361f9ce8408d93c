"""Loss 2: sigmoid, Bernoulli distribution, likelihood and negative log likelihood on fresh labels.

Labels come as whole numbers (n,), model outputs and probabilities as (1, n), as the notebook passes them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assignments.vocabulary import Ask, FunctionTask, Outcome, Part, Setting, Trial, check, judge_function
from assignments.vocabulary.likelihoods import judge_logarithm, judge_product, not_reduced, product_underflowed
from reference.implementations import activations, binary_loss, likelihoods
from reference.plain import Array

# No distribution of labels at all: a right likelihood multiplies whatever it is given, and nothing of the answer to
# the question before enters the kernel.
OTHER_DISTRIBUTION = """
def bernoulli_distribution(y, lambda_param):
    return 0.9 / (1.0 + lambda_param * lambda_param + 0.7 * y)
"""
NOTE = (
    "Graded with another distribution in place of your `bernoulli_distribution`, so that a mistake there does not "
    "count twice."
)
NOTEBOOK_GLOBALS = {"y_train": ("y_train",), "lambda_param": ("lambda_train", "lambda_model")}


def other_distribution(y: Any, lambda_param: Any) -> Any:
    """The same as OTHER_DISTRIBUTION."""
    return 0.9 / (1.0 + lambda_param * lambda_param + 0.7 * y)


OTHER = binary_loss.points(other_distribution)

SIGMOID = FunctionTask(
    function="sigmoid",
    parameters=("model_out",),
    elementwise=(0,),
    reference=activations.sigmoid,
    misconceptions=binary_loss.SIGMOID,
    placeholder=0.0,
    notebook_globals={"model_out": ("model_out",)},
    notebook_results=("lambda_model", "lambda_train"),
)

BERNOULLI = FunctionTask(
    function="bernoulli_distribution",
    parameters=("y", "lambda_param"),
    elementwise=(0, 1),
    reference=binary_loss.bernoulli_distribution,
    parts=(Part("numbers", 0.4, "for single labels"), Part("arrays", 0.6, "for arrays")),
    misconceptions=binary_loss.BERNOULLI,
    notebook_globals={"lambda_param": ("lambda_train",)},
)

LIKELIHOOD = FunctionTask(
    function="compute_likelihood",
    parameters=("y_train", "lambda_param"),
    reference=binary_loss.likelihood,
    misconceptions=binary_loss.likelihood_misconceptions(),
    placeholder=0.0,
    notebook_globals=NOTEBOOK_GLOBALS,
    notebook_results=("likelihood",),
    recognise=not_reduced,
    settings=(
        Setting(),
        Setting(
            given=OTHER_DISTRIBUTION,
            reference=likelihoods.likelihood_of(OTHER),
            misconceptions=binary_loss.likelihood_misconceptions(other_distribution),
            note=NOTE,
        ),
    ),
)

NLL = FunctionTask(
    function="compute_negative_log_likelihood",
    parameters=("y_train", "lambda_param"),
    reference=binary_loss.negative_log_likelihood,
    parts=(Part("few", 0.5, "for up to 20 labels"), Part("many", 0.5, "for thousands of labels")),
    misconceptions=binary_loss.nll_misconceptions(),
    placeholder=0.0,
    notebook_globals=NOTEBOOK_GLOBALS,
    notebook_results=("nll",),
    recognise=lambda tried: product_underflowed(tried) or not_reduced(tried),
    settings=(
        Setting(),
        Setting(
            given=OTHER_DISTRIBUTION,
            reference=likelihoods.nll_of(OTHER),
            misconceptions=binary_loss.nll_misconceptions(other_distribution),
            note=NOTE,
        ),
    ),
)


@check("sigmoid")
def sigmoid(ask: Ask) -> Outcome:
    sizes = (2, 7, int(ask.rng.integers(20, 60)))
    trials = [Trial((ask.rng.normal(0.4, 2.0, size=(1, n)),)) for n in sizes]
    return judge_function(ask, SIGMOID, trials)


@check("bernoulli_distribution")
def bernoulli_distribution(ask: Ask) -> Outcome:
    numbers = [(label, probability(ask.rng)) for label in (0, 1, 0, 1)]
    trials = [Trial(arguments, "for single labels", "numbers") for arguments in numbers]
    trials += [Trial(data(ask.rng, n), "for an array of labels", "arrays") for n in (5, 20, 33)]
    return judge_function(ask, BERNOULLI, trials)


@check("compute_likelihood")
def compute_likelihood(ask: Ask) -> Outcome:
    return judge_product(ask, LIKELIHOOD, data)


@check("compute_negative_log_likelihood")
def compute_negative_log_likelihood(ask: Ask) -> Outcome:
    return judge_logarithm(ask, NLL, data, "labels", many=2000)


def data(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Whole labels (n,), both kinds among them, and probabilities (1, n) that are right more often than not."""
    y = rng.integers(0, 2, size=n)
    y[:2] = rng.permutation([0, 1])
    sure = rng.uniform(0.05, 0.9, size=n)
    return y, np.where(y == 1, 0.1 + 0.85 * sure, 1 - (0.1 + 0.85 * sure)).reshape(1, n)


def probability(rng: np.random.Generator) -> float:
    """Not near 1/2, where the two labels are alike."""
    low, high = [(0.05, 0.4), (0.6, 0.95)][int(rng.integers(2))]
    return float(rng.uniform(low, high))
