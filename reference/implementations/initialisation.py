"""How the size of activations and of derivatives changes through a deep ReLU network, by the variance of its weights.

With D units a layer, zero biases and weights of variance s², every hidden layer multiplies the mean square of the
activations, and going back that of the derivatives, by D s² / 2 (He et al. 2015, https://arxiv.org/abs/1502.01852):
so s² = 2/D keeps both level. Weights are a list of K + 1 arrays (outputs, inputs), for one input and one output.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Layers: TypeAlias = Sequence[Floats]


def level_variance(units: int) -> float:
    """The variance of the weights that keeps ReLU layers of so many units level."""
    return 2.0 / units


def growth(variance: float, units: int) -> float:
    """What a layer multiplies mean squares by."""
    return variance * units / 2.0


def weight_variance(weights: Layers) -> float:
    """The mean square of the weights between hidden layers."""
    return float(np.mean(np.concatenate([np.ravel(layer) for layer in weights[1:-1]]) ** 2))


def activations(weights: Layers, net_input: Floats) -> list[Floats]:
    """The input (1, n) and the K hidden layers (D, n), with zero biases."""
    layers = [net_input]
    for layer in weights[:-1]:
        layers.append(np.maximum(layer @ layers[-1], 0.0))
    return layers


def derivative_directions(weights: Layers, sign: float) -> list[Floats]:
    """The derivatives of the output by the preactivations f_0 … f_(K-1), (D, 1) each, for inputs of this sign.

    Without biases a network of one input is linear on either side of 0, so that the derivatives of any loss at any
    input of that sign are these times one number.
    """
    hidden = activations(weights, np.array([[sign]]))
    derivative = np.ones((1, 1))
    directions: list[Floats] = []
    for k in range(len(weights) - 1, 0, -1):
        derivative = (hidden[k] > 0) * (weights[k].T @ derivative)
        directions.insert(0, derivative)
    return directions


def draw_weights(rng: np.random.Generator, layers: int, units: int, variance: float) -> list[Floats]:
    """Weights of a network with so many hidden layers, one input and one output."""
    sizes = [1, *[units] * layers, 1]
    return [rng.normal(size=(sizes[k + 1], sizes[k])) * np.sqrt(variance) for k in range(layers + 1)]
