"""Loss for binary classification: logistic sigmoid and Bernoulli distribution.

Pr(y | lambda) = (1 - lambda)^(1 - y) lambda^y for y in {0, 1}; points are independent. Labels are whole numbers (n,),
model outputs and probabilities (1, n) or (n,).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reference.implementations import likelihoods
from reference.implementations.activations import sigmoid
from reference.implementations.likelihoods import flat
from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]
Distribution: TypeAlias = Callable[[Any, Any], Any]


def bernoulli_distribution(y: ArrayLike, lambda_param: ArrayLike) -> Floats:
    """The probability of the label y, broadcast over the arguments."""
    label, one = np.asarray(y), np.asarray(lambda_param, dtype=np.float64)
    return np.asarray(np.where(label == 1, one, 1 - one))


def points(distribution: Distribution = bernoulli_distribution) -> likelihoods.Points:
    """Each data point's probability from (y_train, lambda_param), flat (n,)."""
    return lambda y, lambda_param: np.ravel(distribution(flat(y), flat(lambda_param)))


def pairs(distribution: Distribution = bernoulli_distribution) -> likelihoods.Pairs:
    """The probability of each kind of label under every prediction, (kinds, n), and their counts, (kinds, 1)."""

    def compute(y: ArrayLike, lambda_param: ArrayLike) -> tuple[Floats, Floats]:
        kinds, counts = np.unique(flat(y), return_counts=True)
        return np.asarray(distribution(kinds[:, None], flat(lambda_param)[None, :])), counts[:, None].astype(float)

    return compute


def likelihood(y_train: ArrayLike, lambda_param: ArrayLike) -> float:
    return likelihoods.likelihood_of(points())(y_train, lambda_param)


def negative_log_likelihood(y_train: ArrayLike, lambda_param: ArrayLike) -> float:
    return likelihoods.nll_of(points())(y_train, lambda_param)


def _of_z(compute: Callable[[Floats], Any]) -> Callable[..., Any]:
    return lambda model_out: compute(np.asarray(model_out, dtype=np.float64))


def _of_label(compute: Callable[[Floats, Floats], Any]) -> Callable[..., Any]:
    return lambda y, lambda_param: compute(np.asarray(y, dtype=np.float64), np.asarray(lambda_param, dtype=np.float64))


SIGMOID = (
    Misconception(
        "exponent-sign",
        "The minus sign in the exponent is missing: large outputs must give values near 1, not near 0.",
        _of_z(lambda z: 1 / (1 + np.exp(z))),
    ),
    Misconception(
        "reciprocal-missing",
        "This is one plus the exponential; one divided by all of it is asked: mind the parentheses.",
        _of_z(lambda z: 1 + np.exp(-z)),
    ),
    Misconception("one-missing", "The one beside the exponential is missing.", _of_z(np.exp)),
    Misconception("exponential-only", "This is only the exponential.", _of_z(lambda z: np.exp(-z))),
    Misconception(
        "tanh", "This is the hyperbolic tangent: it lies between -1 and 1, the sigmoid between 0 and 1.", _of_z(np.tanh)
    ),
    Misconception(
        "steepness",
        "The output is multiplied by 10 before the exponential; here the plain logistic sigmoid is asked.",
        _of_z(lambda z: sigmoid(10 * z)),
    ),
    Misconception(
        "minus-for-plus", "One minus the exponential is taken; it is one plus.", _of_z(lambda z: 1 / (1 - np.exp(-z)))
    ),
    Misconception(
        "softmax",
        "The exponentials are divided by their sum over all data points; every output is mapped on its own.",
        _of_z(lambda z: np.exp(z) / np.sum(np.exp(z)) if z.size > 1 else np.ones_like(z)),
    ),
    Misconception("unchanged", "The model's output comes back unchanged.", _of_z(lambda z: z)),
)

_ALWAYS_ZERO = (
    "The result is 0 for every label: the starter's placeholder is still in place, or `y` and `1 - y` are factors "
    "where the formula has them as exponents."
)

BERNOULLI = (
    Misconception("placeholder", _ALWAYS_ZERO, _of_label(lambda y, p: np.zeros(np.broadcast(y, p).shape))),
    Misconception(
        "labels-swapped",
        "The two labels are exchanged: `lambda_param` is the probability of y = 1.",
        _of_label(lambda y, p: np.where(y == 1, 1 - p, p)),
    ),
    Misconception(
        "sum-for-product",
        "The two factors are added; they must be multiplied.",
        _of_label(lambda y, p: (1 - p) ** (1 - y) + p**y),
    ),
    Misconception(
        "factor-missing", "The factor for y = 0 is missing: labels 0 always get 1.", _of_label(lambda y, p: p**y)
    ),
    Misconception(
        "factor-missing",
        "The factor for y = 1 is missing: labels 1 always get 1.",
        _of_label(lambda y, p: (1 - p) ** (1 - y)),
    ),
    Misconception("term-missing", "The case y = 0 is missing: labels 0 always get 0.", _of_label(lambda y, p: p * y)),
    Misconception(
        "term-missing", "The case y = 1 is missing: labels 1 always get 0.", _of_label(lambda y, p: (1 - p) * (1 - y))
    ),
    Misconception(
        "label-ignored", "The label `y` has no effect.", _of_label(lambda y, p: p * np.ones(np.broadcast(y, p).shape))
    ),
    Misconception(
        "same-exponent",
        "Both factors have the exponent `y`; one of them needs `1 - y`.",
        _of_label(lambda y, p: (1 - p) ** y * p**y),
    ),
    Misconception(
        "log-probability",
        "This is the logarithm of the probability; the probability itself is asked.",
        _of_label(lambda y, p: np.log(bernoulli_distribution(y, p))),
    ),
)


def likelihood_misconceptions(distribution: Distribution = bernoulli_distribution) -> Sequence[Misconception]:
    return likelihoods.likelihood_misconceptions(points(distribution), pairs(distribution))


def nll_misconceptions(distribution: Distribution = bernoulli_distribution) -> Sequence[Misconception]:
    return (*likelihoods.nll_misconceptions(points(distribution), pairs(distribution)), *_CROSS_ENTROPY)


_CROSS_ENTROPY = (
    Misconception(
        "negative-class-missing",
        "Only the data points with y = 1 contribute; those with y = 0 do too.",
        lambda y, lambda_param: -np.sum(flat(y) * np.log(flat(lambda_param))),
    ),
    Misconception(
        "positive-class-missing",
        "Only the data points with y = 0 contribute; those with y = 1 do too.",
        lambda y, lambda_param: -np.sum((1 - flat(y)) * np.log(1 - flat(lambda_param))),
    ),
)
