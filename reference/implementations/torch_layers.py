"""PyTorch's layers in NumPy, in evaluation mode: to see that a network computes what its parts say.

A layer is a name (PyTorch's class), its parameters and buffers by name, and its settings by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layer:
    name: str
    arrays: Mapping[str, Floats] = field(default_factory=dict)
    settings: Mapping[str, float] = field(default_factory=dict)

    def setting(self, name: str, default: float) -> float:
        return float(self.settings.get(name, default))


class UnknownLayer(ValueError):
    """No rule for this layer; the text is its name."""


def run(layers: Sequence[Layer], x: Floats) -> Floats:
    """The output of the layers one after the other. Raises UnknownLayer, KeyError or ValueError (shapes)."""
    for layer in layers:
        rule = _RULES.get(layer.name)
        if rule is None:
            raise UnknownLayer(layer.name)
        x = rule(layer, x)
    return x


def _linear(layer: Layer, x: Floats) -> Floats:
    out = x @ layer.arrays["weight"].T
    return np.asarray(out + layer.arrays["bias"] if "bias" in layer.arrays else out, dtype=np.float64)


def _conv1d(layer: Layer, x: Floats) -> Floats:
    """x (n, channels, length), weight (out, channels, kernel), no padding."""
    weight = layer.arrays["weight"]
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2], axis=2)
    out = np.einsum("nclk,ock->nol", windows[:, :, :: int(layer.setting("stride", 1))], weight, optimize=True)
    return np.asarray(out + layer.arrays["bias"][:, None], dtype=np.float64)


def _batch_norm(layer: Layer, x: Floats) -> Floats:
    a = layer.arrays
    scaled = (x - a["running_mean"]) / np.sqrt(a["running_var"] + layer.setting("eps", 1e-5))
    return np.asarray(scaled * a.get("weight", np.ones(1)) + a.get("bias", np.zeros(1)), dtype=np.float64)


def _layer_norm(layer: Layer, x: Floats) -> Floats:
    a = layer.arrays
    scaled = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + layer.setting("eps", 1e-5))
    return np.asarray(scaled * a.get("weight", np.ones(1)) + a.get("bias", np.zeros(1)), dtype=np.float64)


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -700, 700))), dtype=np.float64)


def _softplus(x: Floats) -> Floats:
    return np.asarray(np.logaddexp(0, x), dtype=np.float64)


_erf = np.vectorize(math.erf, otypes=[np.float64])


def _each(function: Callable[[Floats], Floats]) -> Callable[[Layer, Floats], Floats]:
    return lambda layer, x: np.asarray(function(x), dtype=np.float64)


_RULES: dict[str, Callable[[Layer, Floats], Floats]] = {
    "Linear": _linear,
    "Conv1d": _conv1d,
    "BatchNorm1d": _batch_norm,
    "LayerNorm": _layer_norm,
    "Flatten": lambda layer, x: x.reshape(len(x), -1),
    "Identity": lambda layer, x: x,
    "Dropout": lambda layer, x: x,
    "AlphaDropout": lambda layer, x: x,
    "ReLU": _each(lambda x: np.maximum(x, 0)),
    "ReLU6": _each(lambda x: np.clip(x, 0, 6)),
    "LeakyReLU": lambda layer, x: np.where(x > 0, x, layer.setting("negative_slope", 0.01) * x),
    "PReLU": lambda layer, x: np.where(x > 0, x, layer.arrays["weight"] * x),
    "ELU": lambda layer, x: np.where(x > 0, x, layer.setting("alpha", 1.0) * np.expm1(np.minimum(x, 0))),
    "SELU": _each(lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0)))),
    "GELU": _each(lambda x: 0.5 * x * (1 + _erf(x / math.sqrt(2)))),
    "SiLU": _each(lambda x: x * _sigmoid(x)),
    "Mish": _each(lambda x: x * np.tanh(_softplus(x))),
    "Softplus": _each(_softplus),
    "Hardswish": _each(lambda x: x * np.clip(x + 3, 0, 6) / 6),
    "Tanh": _each(np.tanh),
    "Sigmoid": _each(_sigmoid),
    "Softsign": _each(lambda x: x / (1 + np.abs(x))),
}
