"""Losses for univariate regression under a normal distribution.

Pr(y | mu, sigma) = exp(-(y - mu)² / (2 sigma²)) / sqrt(2 pi sigma²), points independent. `y_train` is (n,), predictions
are (1, n) or (n,), `sigma` is a standard deviation (unit of y).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reference.implementations import likelihoods
from reference.implementations.likelihoods import flat
from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]
Density: TypeAlias = Callable[[Any, Any, Any], Floats]


def normal_distribution(y: ArrayLike, mu: ArrayLike, sigma: ArrayLike) -> Floats:
    """The density at y, broadcast over the arguments."""
    deviation = np.asarray(sigma, dtype=np.float64)
    z = (np.asarray(y, dtype=np.float64) - np.asarray(mu, dtype=np.float64)) / deviation
    return np.asarray(np.exp(-0.5 * z**2) / (math.sqrt(2 * math.pi) * deviation))


def likelihood(y_train: ArrayLike, mu: ArrayLike, sigma: ArrayLike, density: Density = normal_distribution) -> float:
    """The product of the points' densities; underflows to 0 for many points, as every such product does."""
    return likelihoods.likelihood_of(points(density))(y_train, mu, sigma)


def negative_log_likelihood(
    y_train: ArrayLike, mu: ArrayLike, sigma: ArrayLike, density: Density = normal_distribution
) -> float:
    """Minus the sum of the natural logarithms of the points' densities."""
    return likelihoods.nll_of(points(density))(y_train, mu, sigma)


def sum_of_squares(y_train: ArrayLike, y_pred: ArrayLike) -> float:
    """The sum over the points of (y - prediction)²."""
    return float(np.sum((flat(y_train) - flat(y_pred)) ** 2))


def _normal(exponent: Callable[[Any, Any], Any], factor: Callable[[Any], Any]) -> Callable[..., Any]:
    """A density with another exponent (of the difference and sigma) or another factor before it (of sigma)."""

    def wrong(y: Any, mu: Any, sigma: Any) -> Any:
        return factor(sigma) * np.exp(exponent(np.asarray(y, dtype=np.float64) - mu, sigma))

    return wrong


def _right_exponent(d: Any, s: Any) -> Any:
    return -(d**2) / (2 * s**2)


def _right_factor(s: Any) -> Any:
    return 1 / (math.sqrt(2 * math.pi) * s)


NORMAL_DISTRIBUTION = (
    Misconception(
        "sigma-for-variance",
        "The exponent is divided by 2 sigma; it must be 2 sigma squared.",
        _normal(lambda d, s: -(d**2) / (2 * s), _right_factor),
    ),
    Misconception(
        "sigma-for-variance",
        "Sigma is not squared where the variance is meant.",
        _normal(lambda d, s: -(d**2) / (2 * s), lambda s: 1 / np.sqrt(2 * math.pi * s)),
    ),
    Misconception(
        "sigma-for-variance-in-factor",
        "Under the square root stands sigma; it must be sigma squared.",
        _normal(_right_exponent, lambda s: 1 / np.sqrt(2 * math.pi * s)),
    ),
    Misconception(
        "variance-for-sigma-in-factor",
        "The factor before the exponential is divided by sigma squared; outside the square root it is sigma.",
        _normal(_right_exponent, lambda s: 1 / (math.sqrt(2 * math.pi) * s**2)),
    ),
    Misconception(
        "normaliser-missing",
        "The factor before the exponential is missing: the density must have the area 1.",
        _normal(_right_exponent, lambda s: 1.0),
    ),
    Misconception(
        "normaliser-without-sigma",
        "Sigma is missing from the factor before the exponential.",
        _normal(_right_exponent, lambda s: 1 / math.sqrt(2 * math.pi)),
    ),
    Misconception(
        "normaliser-root-missing",
        "The square root in the factor before the exponential is missing.",
        _normal(_right_exponent, lambda s: 1 / (2 * math.pi * s**2)),
    ),
    Misconception(
        "normaliser-without-pi",
        "Pi is missing from the factor before the exponential.",
        _normal(_right_exponent, lambda s: 1 / (math.sqrt(2) * s)),
    ),
    Misconception(
        "normaliser-without-2",
        "The 2 is missing from the factor before the exponential.",
        _normal(_right_exponent, lambda s: 1 / (math.sqrt(math.pi) * s)),
    ),
    Misconception(
        "normaliser-multiplied",
        "The exponential is multiplied by the square root; it must be divided by it.",
        _normal(_right_exponent, lambda s: math.sqrt(2 * math.pi) * s),
    ),
    Misconception(
        "exponent-sign",
        "The minus sign in the exponent is missing.",
        _normal(lambda d, s: -_right_exponent(d, s), _right_factor),
    ),
    Misconception(
        "exponent-half-missing",
        "The 2 in the exponent's denominator is missing.",
        _normal(lambda d, s: -(d**2) / s**2, _right_factor),
    ),
    Misconception(
        "exponent-precedence",
        "The exponent is multiplied by sigma squared: `/ 2 * sigma ** 2` divides only by 2; mind the parentheses.",
        _normal(lambda d, s: -(d**2) / 2 * s**2, _right_factor),
    ),
    Misconception(
        "exponent-not-squared",
        "The difference in the exponent is not squared.",
        _normal(lambda d, s: -d / (2 * s**2), _right_factor),
    ),
    Misconception(
        "mu-added",
        "The mean is added to y; it must be subtracted.",
        lambda y, mu, sigma: normal_distribution(y, -np.asarray(mu), sigma),
    ),
    Misconception(
        "mu-ignored",
        "The mean is not used.",
        lambda y, mu, sigma: normal_distribution(y, 0 * np.asarray(mu), sigma),
    ),
    Misconception(
        "sigma-ignored", "Sigma is not used.", lambda y, mu, sigma: normal_distribution(y, mu, np.ones_like(sigma))
    ),
    Misconception(
        "log-density",
        "This is the logarithm of the density; the density itself is asked.",
        lambda y, mu, sigma: np.log(normal_distribution(y, mu, sigma)),
    ),
)


def points(density: Density = normal_distribution) -> likelihoods.Points:
    """The densities of the data points, flat (n,)."""
    return lambda y, mu, sigma: np.ravel(density(flat(y), flat(mu), sigma))


def likelihood_misconceptions(density: Density = normal_distribution) -> Sequence[Misconception]:
    """What students compute instead of the likelihood, with this density of one point."""

    def all_pairs(y: Any, mu: Any, sigma: Any) -> Any:
        # Point by point: a matrix of all pairs of thousands of points would fill the memory.
        return np.prod([np.prod(density(point, flat(mu), sigma)) for point in flat(y)])

    return (
        *likelihoods.likelihood_misconceptions(points(density)),
        Misconception("all-pairs", likelihoods.PAIRS, all_pairs),
    )


def nll_misconceptions(density: Density = normal_distribution) -> Sequence[Misconception]:
    """What students compute instead of the negative log likelihood, with this density of one point."""

    def all_pairs(y: Any, mu: Any, sigma: Any) -> Any:
        return -sum(np.sum(np.log(density(point, flat(mu), sigma))) for point in flat(y))

    # Logarithms of densities are near 0: cut to whole numbers, or multiplied, they leave nothing to recognise.
    known = likelihoods.nll_misconceptions(points(density))
    return (
        *(mistake for mistake in known if mistake.key not in {"truncated-integer", "product-of-logs"}),
        Misconception("all-pairs", likelihoods.PAIRS, all_pairs),
        Misconception(
            "constant-term-missing",
            "The term from the factor before the exponential is missing.",
            lambda y, mu, sigma: np.sum((flat(y) - flat(mu)) ** 2) / (2 * sigma**2),
        ),
    )


def _differences(compute: Callable[[Floats], Any]) -> Callable[..., Any]:
    return lambda y_train, y_pred: compute(flat(y_train) - flat(y_pred))


SUM_OF_SQUARES = (
    Misconception(
        "mean-for-sum", "The squares are averaged; their sum is asked.", _differences(lambda d: np.mean(d**2))
    ),
    Misconception(
        "square-root-taken",
        "The square root of the sum is taken; the sum itself is asked.",
        _differences(lambda d: np.sqrt(np.sum(d**2))),
    ),
    Misconception("square-missing", "The differences are not squared.", _differences(np.sum)),
    Misconception("square-missing", "The differences are not squared.", _differences(lambda d: -np.sum(d))),
    Misconception(
        "absolute-for-square",
        "Absolute differences are added up; squares are asked.",
        _differences(lambda d: np.sum(np.abs(d))),
    ),
    Misconception(
        "square-of-sum", "The sum is squared; the squares are to be added up.", _differences(lambda d: np.sum(d) ** 2)
    ),
    Misconception("last-point-dropped", likelihoods.LAST, _differences(lambda d: np.sum(d[:-1] ** 2))),
    Misconception("first-point-dropped", likelihoods.FIRST, _differences(lambda d: np.sum(d[1:] ** 2))),
    Misconception("one-point-only", "Only the last point's square is returned.", _differences(lambda d: d[-1] ** 2)),
    Misconception(
        "all-pairs",
        likelihoods.PAIRS,
        lambda y_train, y_pred: np.sum((flat(y_train)[:, None] - flat(y_pred)[None, :]) ** 2),
    ),
    Misconception(
        "plus-for-minus",
        "Data and prediction are added; their difference is asked.",
        lambda y_train, y_pred: np.sum((flat(y_train) + flat(y_pred)) ** 2),
    ),
)
