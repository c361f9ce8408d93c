"""Geometry in many dimensions: distances between random points, volumes of hyperspheres.

A d-dimensional ball of radius r has the volume π^(d/2) r^d / Γ(d/2 + 1) (NIST DLMF 5.19.4).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reference.misconceptions import Misconception

MOST_POINTS = 2_000
FEW = 15_000  # differences that are taken all at once: they fit into caches
OUTER_SHARE = 0.01  # the outer one percent of the radius


def pair_distances(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Euclidean distances between all pairs of columns.

    x: (dimensions, n), n >= 2. Returns n(n-1)/2 distances, pairs (i, j) with i < j in order. Differences are taken
    before squaring, so that near points keep their digits. Raises ValueError for more than MOST_POINTS points: the
    work grows with their square.
    """
    n = x.shape[1]
    if n > MOST_POINTS:
        raise ValueError(f"{n} points; at most {MOST_POINTS} are compared")
    if x.size * n <= FEW:
        distances: NDArray[np.float64] = np.sqrt(np.sum((x[:, :, None] - x[:, None, :]) ** 2, axis=0))
        return distances[np.triu_indices(n, 1)]
    parts = [np.sqrt(np.sum((x[:, i + 1 :] - x[:, i : i + 1]) ** 2, axis=0)) for i in range(n - 1)]
    return np.concatenate(parts)


def distance_ratio(x: NDArray[np.float64]) -> float:
    """Largest over smallest distance between two different columns of x: (dimensions, n)."""
    distances = pair_distances(x)
    return float(distances.max() / distances.min())


def volume_of_hypersphere(diameter: float, dimensions: int) -> float:
    """Volume of the ball with this diameter; dimensions >= 1."""
    return _volume(diameter / 2, dimensions)


def prop_of_volume_in_outer_1_percent(dimension: int) -> float:
    """1 - 0.99^d: the share of the volume outside 0.99 of the radius."""
    return -math.expm1(dimension * math.log1p(-OUTER_SHARE))


def course_data(dimensions: int) -> NDArray[np.float64]:
    """The course's random points: (dimensions, 1000) for 2, 100 or 1000 dimensions, drawn in this order from seed 0."""
    draw = np.random.RandomState(0)
    for drawn in (2, 100, 1000):
        points = draw.normal(size=(drawn, 1000))
        if drawn == dimensions:
            return points
    raise ValueError(f"the course has no points in {dimensions} dimensions")


def _volume(radius: float, dimensions: float) -> float:
    return math.exp(
        dimensions / 2 * math.log(math.pi) + dimensions * math.log(radius) - math.lgamma(dimensions / 2 + 1)
    )


def _consecutive(x: NDArray[np.float64]) -> float:
    steps = np.sqrt(np.sum(np.diff(x, axis=1) ** 2, axis=0))
    return float(steps.max() / steps.min())


def _from_first(x: NDArray[np.float64]) -> float:
    steps = np.sqrt(np.sum((x[:, 1:] - x[:, :1]) ** 2, axis=0))
    return float(steps.max() / steps.min())


def _from_origin(x: NDArray[np.float64]) -> float:
    lengths = np.sqrt(np.sum(x**2, axis=0))
    return float(lengths.max() / lengths.min())


def _city_block(x: NDArray[np.float64]) -> float:
    n = x.shape[1]
    sums = np.concatenate([np.abs(x[:, i + 1 :] - x[:, i : i + 1]).sum(axis=0) for i in range(n - 1)])
    return float(sums.max() / sums.min())


def _start_values_1(x: NDArray[np.float64]) -> float:
    distances = pair_distances(x)
    return float(max(distances.max(), 1.0) / min(distances.min(), 1.0))


def _last_dropped(x: NDArray[np.float64]) -> float:
    return distance_ratio(x[:, :-1])


DISTANCE_RATIO = (
    Misconception(
        "squared-distances",
        "The distances are squared: the square root of the sum of squares is missing.",
        lambda x: distance_ratio(x) ** 2,
    ),
    Misconception(
        "rows-for-columns",
        "The rows of `x` are compared, but each column is a data point.",
        lambda x: distance_ratio(x.T),
    ),
    Misconception("consecutive-points", "Only neighbouring columns are compared; every pair counts.", _consecutive),
    Misconception("from-first-point", "Only distances to the first point are taken; every pair counts.", _from_first),
    Misconception("from-origin", "These are the lengths of the points, not the distances between them.", _from_origin),
    Misconception(
        "city-block", "The differences are added up without squares; a Euclidean distance is asked.", _city_block
    ),
    Misconception(
        "smallest-over-largest",
        "The ratio is upside down: largest over smallest is asked.",
        lambda x: 1 / distance_ratio(x),
    ),
    Misconception(
        "largest-only", "This is the largest distance; divide it by the smallest.", lambda x: pair_distances(x).max()
    ),
    Misconception("smallest-only", "This is the smallest distance, not the ratio.", lambda x: pair_distances(x).min()),
    Misconception(
        "start-values",
        "The running smallest distance starts at 1.0, so larger distances never replace it: start from infinity.",
        _start_values_1,
    ),
    Misconception("last-point-dropped", "The last data point is left out: a range ends one too early.", _last_dropped),
    Misconception("first-point-dropped", "The first data point is left out.", lambda x: distance_ratio(x[:, 1:])),
)

VOLUME = (
    Misconception(
        "diameter-for-radius",
        "The formula is fed the diameter; it needs the radius, which is half of it.",
        lambda diameter, dimensions: _volume(diameter, dimensions),
    ),
    Misconception(
        "pi-to-the-dimension",
        "The power of π is wrong: look at its exponent in the formula again.",
        lambda diameter, dimensions: _volume(diameter / 2, dimensions) * math.pi ** (dimensions / 2),
    ),
    Misconception(
        "gamma-without-one",
        "The argument of the gamma function is one too small.",
        lambda diameter, dimensions: _volume(diameter / 2, dimensions) * dimensions / 2,
    ),
    Misconception(
        "gamma-of-dimension",
        "The gamma function takes half the dimension plus one, not the dimension itself.",
        lambda diameter, dimensions: _with_gamma(diameter / 2, dimensions, dimensions),
    ),
    Misconception(
        "gamma-of-dimension-plus-one",
        "The gamma function takes half the dimension plus one: the half is missing.",
        lambda diameter, dimensions: _with_gamma(diameter / 2, dimensions, dimensions + 1),
    ),
    Misconception(
        "gamma-half-of-sum",
        "The gamma function's argument is half the dimension, plus one: mind the parentheses.",
        lambda diameter, dimensions: _with_gamma(diameter / 2, dimensions, (dimensions + 1) / 2),
    ),
    Misconception(
        "gamma-missing",
        "The gamma function in the denominator is missing.",
        lambda diameter, dimensions: math.pi ** (dimensions / 2) * (diameter / 2) ** dimensions,
    ),
    Misconception(
        "whole-division",
        "Half the dimension is cut to a whole number: `//` rounds down where `/` is meant.",
        lambda diameter, dimensions: (
            math.pi ** (dimensions // 2) * (diameter / 2) ** dimensions / math.gamma(dimensions // 2 + 1)
        ),
    ),
    Misconception(
        "diameter-ignored",
        "The diameter is not used: the result is always that of diameter 1.",
        lambda diameter, dimensions: _volume(0.5, dimensions),
    ),
    Misconception(
        "radius-not-raised",
        "The radius is not raised to the power of the dimension.",
        lambda diameter, dimensions: _volume(1.0, dimensions) * diameter / 2,
    ),
    Misconception(
        "diameter-squared-twice",
        "The diameter is halved after the power is taken; halve it first.",
        lambda diameter, dimensions: _volume(1.0, dimensions) * diameter**dimensions / 2,
    ),
    Misconception(
        "surface",
        "This is the surface of the hypersphere; its volume is asked.",
        lambda diameter, dimensions: _volume(diameter / 2, dimensions) * dimensions / (diameter / 2),
    ),
)

OUTER_1_PERCENT = (
    Misconception(
        "percentage",
        "This is a percentage; a proportion between 0 and 1 is asked.",
        lambda dimension: 100 * prop_of_volume_in_outer_1_percent(dimension),
    ),
    Misconception(
        "inner-for-outer",
        "This is the proportion inside the 0.99 radius; the outer part is asked.",
        lambda dimension: 0.99**dimension,
    ),
    Misconception(
        "multiplied-for-power",
        "0.99 is multiplied by the dimension; the volume goes with a power of the radius.",
        lambda dimension: 1 - 0.99 * dimension,
    ),
    Misconception(
        "both-ends-of-diameter",
        "One percent is taken off at both ends of the diameter; the inner sphere has 0.99 of it.",
        lambda dimension: 1 - 0.98**dimension,
    ),
    Misconception("one-percent-of-radius", "This does not depend on the dimension.", lambda dimension: 0.01),
    Misconception(
        "core-for-shell",
        "This is the part within one percent of the radius around the centre.",
        lambda dimension: 0.01**dimension,
    ),
    Misconception(
        "all-but-core",
        "The inner sphere has 0.99 of the radius, not 0.01.",
        lambda dimension: 1 - 0.01**dimension,
    ),
    Misconception(
        "volume-not-proportion",
        "This is a difference of volumes; divide it by the volume of the whole hypersphere.",
        lambda dimension: _volume(0.5, dimension) - _volume(0.495, dimension),
    ),
    Misconception(
        "volume-not-proportion-radius-1",
        "This is a difference of volumes; divide it by the volume of the whole hypersphere.",
        lambda dimension: _volume(1.0, dimension) - _volume(0.99, dimension),
    ),
    Misconception(
        "outer-over-inner",
        "The shell is divided by the inner sphere; divide it by the whole one.",
        lambda dimension: 0.99**-dimension - 1,
    ),
    Misconception(
        "whole-over-inner", "This is the whole volume over the inner one.", lambda dimension: 0.99**-dimension
    ),
    Misconception("off-by-one-dimension", "The power is one too small.", lambda dimension: 1 - 0.99 ** (dimension - 1)),
    Misconception(
        "nine-tenths", "The inner radius is 0.99 of the outer one, not 0.9.", lambda dimension: 1 - 0.9**dimension
    ),
)


def _with_gamma(radius: float, dimensions: int, argument: float) -> float:
    return math.pow(math.pi, dimensions / 2) * math.pow(radius, dimensions) / math.gamma(argument)
