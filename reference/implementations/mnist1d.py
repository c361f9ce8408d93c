"""The MNIST-1D data of the course: noisy, shifted and sheared one-dimensional templates of the ten digits.

Written anew after the description of Greydanus and Kobak (2024, "Scaling down deep learning with MNIST-1D"); a test
holds it against frozen sums of the package `mnist1d` with num_samples=10000 and seed=42. Of those 10,000 examples rows
0 to 3999 are the course's training set, 4000 to 5999 its validation set, and 6000 to 7999 its withheld test set.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]

CLASSES, LENGTH = 10, 40
COURSE_SEED, COURSE_SIZE = 42, 10_000
# Of the 10,000 examples before they are centred and scaled; new examples are moved by the same amounts.
COURSE_MEAN, COURSE_STD = -0.005912951900695275, 0.15454150528778615

_TEMPLATES = (
    (5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5),
    (5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5),
    (5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5),
    (5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5),
    (5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5),
    (5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5),
    (5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5),
    (5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5),
)
_PADDING = (36, 60)
_WIDE = 12 + _PADDING[1]  # samples before the last step
_SMOOTH = 2.0  # standard deviation of the smoothing of the correlated noise, in samples
_REACH = 8


@dataclass(frozen=True, eq=False)
class Examples:
    """`x` (n, 40), one example a row; `y` (n,)."""

    x: Floats
    y: Labels

    def rows(self, first: int, last: int) -> Examples:
        return Examples(self.x[first:last], self.y[first:last])


@functools.cache
def course() -> Examples:
    """The course's 10,000 examples, in their order."""
    drawn = _draw(np.random.RandomState(COURSE_SEED), COURSE_SIZE)
    return Examples((drawn.x - drawn.x.mean()) / drawn.x.std(), drawn.y)


def training() -> Examples:
    return course().rows(0, 4000)


def validation() -> Examples:
    return course().rows(4000, 6000)


def withheld() -> Examples:
    """What students never get: the course's test set."""
    return course().rows(6000, 8000)


def fresh(rng: np.random.Generator, count: int) -> Examples:
    """New examples of the same kind."""
    drawn = _draw(np.random.RandomState(int(rng.integers(2**31))), count)
    return Examples((drawn.x - COURSE_MEAN) / COURSE_STD, drawn.y)


def course_files() -> dict[str, NDArray[np.generic]]:
    """What students find in their working folder; examples are columns."""
    train, val = training(), validation()
    return {
        "train_data_x.npy": np.ascontiguousarray(train.x.T.astype(np.float32)),
        "train_data_y.npy": train.y,
        "val_data_x.npy": np.ascontiguousarray(val.x.T.astype(np.float32)),
        "val_data_y.npy": val.y,
    }


def templates() -> Floats:
    """(10, 12): every digit's shape, beginning at 0."""
    x = np.array(_TEMPLATES)
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    return np.asarray((x - x[:, :1]) / 6.0, dtype=np.float64)


def raw_moments() -> tuple[float, float]:
    """Mean and standard deviation of the course's examples before they are centred and scaled."""
    drawn = _draw(np.random.RandomState(COURSE_SEED), COURSE_SIZE)
    return float(drawn.x.mean()), float(drawn.x.std())


def _draw(random: np.random.RandomState, count: int) -> Examples:
    shapes, kernel = templates(), _smoothing()
    each = count // CLASSES
    x = np.array([_example(random, shapes[label], kernel) for label in range(CLASSES) for _ in range(each)])
    order = random.permutation(len(x))
    return Examples(x[order], np.repeat(np.arange(CLASSES), each)[order])


def _example(random: np.random.RandomState, shape: Floats, kernel: Floats) -> Floats:
    """Padded, stretched, scaled, shifted, with two kinds of noise, sheared, and cut to 40 samples."""
    zeros = _PADDING[0] + int(random.rand() * (_PADDING[1] - _PADDING[0] + 1))
    x = _stretched(np.concatenate([shape + 1e-8, np.zeros(zeros)]), _WIDE)
    x = x * (1 + 0.4 * (random.rand() - 0.5))
    x = np.roll(x, random.choice(48))
    correlated = _smoothed(0.25 * random.randn(_WIDE), kernel)
    x = np.where(x != 0, x, correlated) + 2e-2 * random.randn(_WIDE)
    slope = 0.75 * (random.rand() - 0.5)
    return _stretched(x - slope * np.linspace(-0.5, 0.5, _WIDE), LENGTH)


def _stretched(x: Floats, length: int) -> Floats:
    return np.asarray(np.interp(np.linspace(0, 1, length), np.linspace(0, 1, len(x)), x), dtype=np.float64)


def _smoothing() -> Floats:
    kernel = np.exp(-0.5 * (np.arange(-_REACH, _REACH + 1) / _SMOOTH) ** 2)
    return np.asarray(kernel / kernel.sum(), dtype=np.float64)


def _smoothed(x: Floats, kernel: Floats) -> Floats:
    return np.asarray(np.convolve(np.pad(x, _REACH, mode="symmetric"), kernel, mode="valid"), dtype=np.float64)
