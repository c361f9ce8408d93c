"""Activation functions that several exercises ask for."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]


def sigmoid(z: ArrayLike) -> Floats:
    """The logistic function 1 / (1 + exp(-z)), in the shape of the argument."""
    with np.errstate(over="ignore"):  # where exp(-z) is infinite, 0 is right
        return np.asarray(1 / (1 + np.exp(-np.asarray(z, dtype=np.float64))), dtype=np.float64)


def relu(z: ArrayLike) -> Floats:
    """max(z, 0), in the shape of the argument."""
    return np.asarray(np.maximum(np.asarray(z, dtype=np.float64), 0.0), dtype=np.float64)


def softmax(z: ArrayLike, axis: int | None = 0) -> Floats:
    """Exponentials divided by their sum along the axis; None: by the sum of all."""
    scores = np.asarray(z, dtype=np.float64)
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True), dtype=np.float64)
