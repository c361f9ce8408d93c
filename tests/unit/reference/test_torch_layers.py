"""Layers computed in NumPy, against the formulas on single entries."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reference.implementations.torch_layers import Layer, UnknownLayer, run

X = np.array([[-1.5, -0.2, 0.0, 0.7, 2.0]])


def test_linear() -> None:
    weight, bias = np.arange(10.0).reshape(2, 5), np.array([1.0, -1.0])
    assert np.allclose(run([Layer("Linear", {"weight": weight, "bias": bias})], X), X @ weight.T + bias)


def test_convolution_with_stride() -> None:
    x = np.arange(14.0).reshape(1, 2, 7)
    weight = np.arange(12.0).reshape(2, 2, 3)
    out = run([Layer("Conv1d", {"weight": weight, "bias": np.array([0.5, 0.0])}, {"stride": 2.0})], x)
    assert out.shape == (1, 2, 3)
    assert out[0, 0, 1] == pytest.approx(float(np.sum(x[0, :, 2:5] * weight[0])) + 0.5)


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("ReLU", lambda x: max(x, 0.0)),
        ("LeakyReLU", lambda x: x if x > 0 else 0.01 * x),
        ("ELU", lambda x: x if x > 0 else math.exp(x) - 1),
        ("GELU", lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2)))),
        ("SiLU", lambda x: x / (1 + math.exp(-x))),
        ("Tanh", math.tanh),
        ("Sigmoid", lambda x: 1 / (1 + math.exp(-x))),
        ("Softplus", lambda x: math.log1p(math.exp(x))),
        ("Hardswish", lambda x: x * min(max(x + 3, 0), 6) / 6),
        ("Dropout", lambda x: x),
    ],
)
def test_activations(name: str, formula: object) -> None:
    assert np.allclose(run([Layer(name)], X)[0], [formula(float(x)) for x in X[0]])  # type: ignore[operator]


def test_batch_norm_uses_its_running_moments() -> None:
    arrays = {"running_mean": np.full(5, 0.5), "running_var": np.full(5, 4.0)}
    assert np.allclose(run([Layer("BatchNorm1d", arrays, {"eps": 0.0})], X), (X - 0.5) / 2)


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(UnknownLayer, match="Mystery"):
        run([Layer("Mystery")], X)
