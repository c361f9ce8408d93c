"""Loss for multiclass classification: softmax and categorical distribution.

Pr(y = k | lambda) = lambda_k; points are independent. Labels are whole numbers (n,) from 0; model outputs and
probabilities are (classes, n), one column for each data point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reference.implementations import likelihoods
from reference.implementations.activations import softmax
from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]


def categorical_distribution(y: ArrayLike, lambda_param: ArrayLike) -> Floats:
    """The probability of each point's own label, flat (n,)."""
    labels = np.ravel(np.asarray(y)).astype(int)
    return np.asarray(np.asarray(lambda_param, dtype=np.float64)[labels, np.arange(labels.size)])


def likelihood(y_train: ArrayLike, lambda_param: ArrayLike) -> float:
    return likelihoods.likelihood_of(categorical_distribution)(y_train, lambda_param)


def negative_log_likelihood(y_train: ArrayLike, lambda_param: ArrayLike) -> float:
    return likelihoods.nll_of(categorical_distribution)(y_train, lambda_param)


def _pairs(y: ArrayLike, lambda_param: ArrayLike) -> tuple[Floats, Floats]:
    """The probability of each label under every prediction, and how often the label occurs."""
    kinds, counts = np.unique(np.ravel(np.asarray(y)).astype(int), return_counts=True)
    return np.asarray(lambda_param, dtype=np.float64)[kinds], counts[:, None].astype(float)


def _rows_for_columns(y: ArrayLike, lambda_param: ArrayLike) -> Floats:
    labels = np.ravel(np.asarray(y)).astype(int)
    return np.asarray(np.asarray(lambda_param, dtype=np.float64)[0, labels])


def _shifted_class(y: ArrayLike, lambda_param: ArrayLike) -> Floats:
    return categorical_distribution(np.asarray(y) - 1, lambda_param)


def _softmax_twice(y: ArrayLike, lambda_param: ArrayLike) -> Floats:
    return categorical_distribution(y, softmax(lambda_param))


def _softmax_rows(y: ArrayLike, lambda_param: ArrayLike) -> Floats:
    return categorical_distribution(y, softmax(np.asarray(lambda_param, dtype=np.float64).T).T)


def _row(index: int) -> likelihoods.Points:
    return lambda y, lambda_param: np.asarray(lambda_param, dtype=np.float64)[index]


def _largest(y: ArrayLike, lambda_param: ArrayLike) -> Floats:
    return np.asarray(np.max(np.asarray(lambda_param, dtype=np.float64), axis=0))


def _every(y: ArrayLike, lambda_param: ArrayLike) -> Floats:
    return np.ravel(np.asarray(lambda_param, dtype=np.float64))


_WRONG_POINTS: tuple[tuple[str, str, likelihoods.Points], ...] = (
    ("softmax-twice", "The softmax is applied to `lambda_param`, which has been through the softmax.", _softmax_twice),
    (
        "softmax-over-rows",
        "The probabilities are normalised over the data points once more; they add up to one over the classes.",
        _softmax_rows,
    ),
    (
        "label-for-column",
        "The label is used as the index of a column: rows are classes, columns are data points.",
        _rows_for_columns,
    ),
    ("class-shifted", "The classes are one off: the first class is 0.", _shifted_class),
    ("label-ignored", "Every data point gets the probability of class 0, whatever its label.", _row(0)),
    ("label-ignored", "Every data point gets the probability of class 1, whatever its label.", _row(1)),
    ("label-ignored", "Every data point gets the probability of class 2, whatever its label.", _row(2)),
    ("largest-probability", "The largest probability is taken instead of that of the label.", _largest),
    ("all-classes", "The probabilities of all classes count; only that of the label does.", _every),
)


def _misconceptions(
    of: Callable[[likelihoods.Points], Callable[..., Any]], known: Sequence[Misconception]
) -> Sequence[Misconception]:
    return (*known, *(Misconception(key, sentence, of(points)) for key, sentence, points in _WRONG_POINTS))


LIKELIHOOD = _misconceptions(
    likelihoods.likelihood_of, likelihoods.likelihood_misconceptions(categorical_distribution, _pairs)
)
NLL = _misconceptions(likelihoods.nll_of, likelihoods.nll_misconceptions(categorical_distribution, _pairs))
