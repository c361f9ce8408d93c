"""Likelihood and negative log likelihood of independent data points, whatever their distribution.

`Points` computes the probability of each data point, flat (n,), from the arguments of the student's function. `Pairs`
computes the probability of every kind of label under every prediction, (kinds, n), and how often each kind occurs,
(kinds, 1): so all n² pairs of thousands of data points cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]
Points: TypeAlias = Callable[..., Floats]
Pairs: TypeAlias = Callable[..., tuple[Floats, Floats]]

LAST = "The last data point is left out: a range ends one too early."
FIRST = "The first data point is left out."
PAIRS = "Every label is paired with every prediction; each data point has only its own: check the shapes."


def flat(values: ArrayLike) -> Floats:
    """(n,), whatever the shape of the values."""
    return np.ravel(np.asarray(values, dtype=np.float64))


def likelihood_of(points: Points) -> Callable[..., float]:
    """The product of the points' probabilities."""
    return lambda *arguments: float(np.prod(points(*arguments)))


def nll_of(points: Points) -> Callable[..., float]:
    """Minus the sum of the natural logarithms of the points' probabilities."""
    return lambda *arguments: float(-np.sum(np.log(points(*arguments))))


def likelihood_misconceptions(points: Points, pairs: Pairs | None = None) -> Sequence[Misconception]:
    """What is computed instead of the likelihood."""

    def of(compute: Callable[[Floats], Any]) -> Callable[..., Any]:
        return lambda *arguments: compute(points(*arguments))

    known = [
        Misconception("sum-for-product", "The probabilities are added; independent ones are multiplied.", of(np.sum)),
        Misconception(
            "mean-for-product", "The probabilities are averaged; independent ones are multiplied.", of(np.mean)
        ),
        Misconception(
            "log-likelihood",
            "This is the logarithm of the likelihood; the likelihood is asked.",
            of(lambda p: np.sum(np.log(p))),
        ),
        Misconception(
            "negative-log-likelihood",
            "This is the negative log likelihood; the likelihood is asked.",
            of(lambda p: -np.sum(np.log(p))),
        ),
        Misconception("last-point-dropped", LAST, of(lambda p: np.prod(p[:-1]))),
        Misconception("first-point-dropped", FIRST, of(lambda p: np.prod(p[1:]))),
        Misconception("one-point-only", "Only the last point's probability is returned.", of(lambda p: p[-1])),
        Misconception("one-point-only", "Only the first point's probability is returned.", of(lambda p: p[0])),
    ]
    if pairs is not None:
        known.append(Misconception("all-pairs", PAIRS, lambda *arguments: _product(*pairs(*arguments))))
    return known


def nll_misconceptions(points: Points, pairs: Pairs | None = None) -> Sequence[Misconception]:
    """What is computed instead of the negative log likelihood."""

    def of(compute: Callable[[Floats], Any]) -> Callable[..., Any]:
        return lambda *arguments: compute(points(*arguments))

    known = [
        Misconception(
            "minus-sign", "The minus sign is missing: this is the log likelihood.", of(lambda p: np.sum(np.log(p)))
        ),
        Misconception(
            "mean-for-sum", "The logarithms are averaged; they must be added up.", of(lambda p: -np.mean(np.log(p)))
        ),
        Misconception(
            "log-missing", "The logarithm is missing: the probabilities are added.", of(lambda p: -np.sum(p))
        ),
        Misconception("log-missing", "The logarithm is missing: the probabilities are added.", of(np.sum)),
        Misconception(
            "log-of-sum",
            "The logarithm of the sum is taken; the logarithms are to be added.",
            of(lambda p: -np.log(np.sum(p))),
        ),
        Misconception("likelihood", "This is the likelihood; minus its logarithm is asked.", of(np.prod)),
        Misconception(
            "log10", "This is a logarithm to base 10; the natural one is meant.", of(lambda p: -np.sum(np.log10(p)))
        ),
        Misconception(
            "log2", "This is a logarithm to base 2; the natural one is meant.", of(lambda p: -np.sum(np.log2(p)))
        ),
        Misconception("log-twice", "The logarithm is taken twice.", of(lambda p: -np.log(-np.sum(np.log(p))))),
        Misconception(
            "product-of-logs",
            "The logarithms are multiplied; they must be added up.",
            of(lambda p: -np.prod(np.log(p))),
        ),
        Misconception(
            "truncated-integer",
            "The logarithms are cut to whole numbers: they are stored in an array of integers.",
            of(lambda p: np.sum(np.trunc(-np.log(p)))),
        ),
        Misconception("last-point-dropped", LAST, of(lambda p: -np.sum(np.log(p[:-1])))),
        Misconception("first-point-dropped", FIRST, of(lambda p: -np.sum(np.log(p[1:])))),
        Misconception("one-point-only", "Only the last data point counts.", of(lambda p: -np.log(p[-1]))),
        Misconception("one-point-only", "Only the first data point counts.", of(lambda p: -np.log(p[0]))),
    ]
    if pairs is not None:
        known.append(Misconception("all-pairs", PAIRS, lambda *arguments: _minus_logs(*pairs(*arguments))))
    return known


def _product(probabilities: Floats, counts: Floats) -> Any:
    return np.prod(probabilities**counts)


def _minus_logs(probabilities: Floats, counts: Floats) -> Any:
    return -np.sum(counts * np.log(probabilities))
