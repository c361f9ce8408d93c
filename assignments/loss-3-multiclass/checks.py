"""Loss 3: likelihood and negative log likelihood of labels from three classes.

Labels come as whole numbers (n,), probabilities as (3, n), as the notebook passes them.
"""

from __future__ import annotations

import numpy as np

from assignments.vocabulary import Ask, FunctionTask, Outcome, Part, Setting, check
from assignments.vocabulary.likelihoods import judge_logarithm, judge_product, not_reduced, product_underflowed
from reference.implementations import multiclass_loss
from reference.plain import Array

CLASSES = 3

# The starter's own, for notebooks that broke or lost it: it is given code, and no part of what is graded.
GIVEN = """
def categorical_distribution(y, lambda_param):
    prob = 0.0
    for row in range(lambda_param.shape[0]):
        prob = prob + (y == row) * lambda_param[row, :]
    return prob
"""
SETTINGS = (Setting(), Setting(given=GIVEN, note="Graded with the starter's own `categorical_distribution`."))
NOTEBOOK_GLOBALS = {"y_train": ("y_train",), "lambda_param": ("lambda_train", "lambda_model")}

LIKELIHOOD = FunctionTask(
    function="compute_likelihood",
    parameters=("y_train", "lambda_param"),
    reference=multiclass_loss.likelihood,
    misconceptions=multiclass_loss.LIKELIHOOD,
    placeholder=0.0,
    notebook_globals=NOTEBOOK_GLOBALS,
    notebook_results=("likelihood",),
    recognise=not_reduced,
    settings=SETTINGS,
)

NLL = FunctionTask(
    function="compute_negative_log_likelihood",
    parameters=("y_train", "lambda_param"),
    reference=multiclass_loss.negative_log_likelihood,
    parts=(Part("few", 5 / 11, "for up to 20 labels"), Part("many", 6 / 11, "for thousands of labels")),
    misconceptions=multiclass_loss.NLL,
    placeholder=0.0,
    notebook_globals=NOTEBOOK_GLOBALS,
    notebook_results=("nll",),
    recognise=lambda tried: product_underflowed(tried) or not_reduced(tried),
    settings=SETTINGS,
)


@check("compute_likelihood")
def compute_likelihood(ask: Ask) -> Outcome:
    return judge_product(ask, LIKELIHOOD, data)


@check("compute_negative_log_likelihood")
def compute_negative_log_likelihood(ask: Ask) -> Outcome:
    return judge_logarithm(ask, NLL, data, "labels", many=2000)


def data(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Whole labels (n,), every class among them, and probabilities (3, n) whose columns add up to one."""
    y = rng.integers(0, CLASSES, size=n)
    y[:CLASSES] = rng.permutation(CLASSES)
    weights = rng.uniform(0.2, 1.5, size=(CLASSES, n))
    weights[y, np.arange(n)] += rng.uniform(0.0, 1.5, size=n)
    return y, weights / weights.sum(axis=0)
