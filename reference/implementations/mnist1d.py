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


@dataclass(frozen=True, eq=False)
class _Luck:
    """What chance decides of each example: the zeros behind its shape, its size, its shift in samples, two kinds of
    noise (n, 72), and how far it is sheared."""

    zeros: Labels
    size: Floats
    shift: Labels
    smooth: Floats
    rough: Floats
    slope: Floats


def _draw(random: np.random.RandomState, count: int) -> Examples:
    each = count // CLASSES
    labels = np.repeat(np.arange(CLASSES), each)
    x = _examples(_luck(random, len(labels)), templates()[labels])
    order = random.permutation(len(x))
    return Examples(x[order], labels[order])


def _luck(random: np.random.RandomState, count: int) -> _Luck:
    """One example after the other, each in the order of the package, so that a seed gives what it gives there."""
    numbers, shift = np.empty((count, 3)), np.empty(count, dtype=np.int64)
    smooth, rough = np.empty((count, _WIDE)), np.empty((count, _WIDE))
    for i in range(count):
        numbers[i, 0], numbers[i, 1] = random.rand(), random.rand()
        shift[i] = random.randint(0, 48)
        smooth[i], rough[i] = random.randn(_WIDE), random.randn(_WIDE)
        numbers[i, 2] = random.rand()
    zeros = _PADDING[0] + (numbers[:, 0] * (_PADDING[1] - _PADDING[0] + 1)).astype(np.int64)
    size, slope = 1 + 0.4 * (numbers[:, 1] - 0.5), 0.75 * (numbers[:, 2] - 0.5)
    return _Luck(zeros, size, shift, 0.25 * smooth, 2e-2 * rough, slope)


def _examples(luck: _Luck, shapes: Floats) -> Floats:
    """Padded, stretched, scaled, shifted, with two kinds of noise, sheared, and cut to 40 samples."""
    x = np.empty((len(shapes), _WIDE))
    for zeros in np.unique(luck.zeros):
        those = luck.zeros == zeros
        x[those] = _stretched(np.pad(shapes[those] + 1e-8, ((0, 0), (0, zeros))), _WIDE)
    x *= luck.size[:, None]
    x = np.take_along_axis(x, (np.arange(_WIDE) - luck.shift[:, None]) % _WIDE, axis=1)
    x = np.where(x != 0, x, _smoothed(luck.smooth)) + luck.rough
    return _stretched(x - luck.slope[:, None] * np.linspace(-0.5, 0.5, _WIDE), LENGTH)


def _stretched(x: Floats, length: int) -> Floats:
    """Every row of x (n, old) by linear interpolation at `length` places."""
    places, now = np.linspace(0, 1, length), np.linspace(0, 1, x.shape[1])
    before = np.clip(np.searchsorted(now, places, side="right") - 1, 0, x.shape[1] - 2)
    slopes = (x[:, before + 1] - x[:, before]) / (now[before + 1] - now[before])
    found = slopes * (places - now[before]) + x[:, before]
    found[:, -1] = x[:, -1]
    return np.asarray(found, dtype=np.float64)


def _smoothed(x: Floats) -> Floats:
    """Every row of x by a bell curve; at the ends the row is continued by its mirror image."""
    kernel = np.exp(-0.5 * (np.arange(-_REACH, _REACH + 1) / _SMOOTH) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(x, ((0, 0), (_REACH, _REACH)), mode="symmetric")
    return np.asarray(sum(k * padded[:, i : i + x.shape[1]] for i, k in enumerate(kernel)), dtype=np.float64)
