"""Loss 3: likelihood and negative log likelihood of labels from three classes.

Labels come as whole numbers (n,), probabilities as (3, n), as the notebook passes them.
"""

from __future__ import annotations

import numpy as np

from assignments.vocabulary import Ask, FunctionTask, Outcome, Part, Setting, Trial, check, judge_function
from assignments.vocabulary.likelihoods import not_reduced, product_underflowed
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
    sizes = (5, 8, int(ask.rng.integers(12, 19)), 20)
    trials = [Trial(data(ask.rng, n), count=n) for n in sizes]
    return judge_function(ask, LIKELIHOOD, trials)


@check("compute_negative_log_likelihood")
def compute_negative_log_likelihood(ask: Ask) -> Outcome:
    few = (5, int(ask.rng.integers(8, 19)), 20)
    many = (2000, int(ask.rng.integers(2500, 3500)))
    trials = [Trial(data(ask.rng, n), "for few labels", "few", n) for n in few]
    trials += [Trial(data(ask.rng, n), "for many labels", "many", n) for n in many]
    return judge_function(ask, NLL, trials)


def data(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Whole labels (n,), every class among them, and probabilities (3, n) whose columns add up to one."""
    y = rng.integers(0, CLASSES, size=n)
    y[:CLASSES] = rng.permutation(CLASSES)
    weights = rng.uniform(0.2, 1.5, size=(CLASSES, n))
    weights[y, np.arange(n)] += rng.uniform(0.0, 1.5, size=n)
    return y, weights / weights.sum(axis=0)
