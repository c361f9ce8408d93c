"""Backpropagation through a fully connected ReLU network with a least-squares loss.

f_0 = beta_0 + Omega_0 x, h_k = ReLU(f_{k-1}), f_k = beta_k + Omega_k h_k, output f_K, loss sum((f_K - y)²). Weights are
a list of K + 1 arrays (outputs, inputs), biases (outputs, 1), input and target columns (size, 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reference.implementations.activations import relu
from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]
Layers: TypeAlias = Sequence[Floats]
Forward: TypeAlias = tuple[Floats, list[Floats], list[Floats]]
Backward: TypeAlias = tuple[list[Floats], list[Floats]]


def indicator(x: Floats) -> Floats:
    """1 where x >= 0, else 0: the derivative of ReLU, with the course's choice at 0."""
    return (np.asarray(x) >= 0).astype(np.float64)


def compute_network_output(net_input: Floats, all_weights: Layers, all_biases: Layers) -> Forward:
    """(output (D_o, 1), all_f: K + 1 preactivations, all_h: input and K activations)."""
    return _forward(net_input, all_weights, all_biases)


def backward_pass(all_weights: Layers, all_biases: Layers, all_f: Layers, all_h: Layers, y: Floats) -> Backward:
    """Derivatives of the loss by every weight and bias, in the shapes of the weights and biases."""
    return _backward(all_weights, all_biases, all_f, all_h, y)


def loss(net_output: Floats, y: Floats) -> float:
    """Sum of squared differences."""
    return float(np.sum((net_output - y) ** 2))


def _forward(
    net_input: Floats,
    weights: Layers,
    biases: Layers,
    *,
    activation: Callable[[Floats], Floats] = relu,
    affine: Callable[[Layers, Layers, int, Floats], Floats] = lambda w, b, k, h: b[k] + w[k] @ h,
    output: Callable[[Floats], Floats] = lambda f: f,
) -> Forward:
    last = len(weights) - 1
    all_h, all_f = [np.asarray(net_input, dtype=np.float64)], []
    for layer in range(last + 1):
        all_f.append(affine(weights, biases, layer, all_h[layer]))
        if layer < last:
            all_h.append(activation(all_f[layer]))
    all_f[last] = output(all_f[last])
    return all_f[last], all_f, all_h


def _backward(
    weights: Layers,
    biases: Layers,
    f: Layers,
    h: Layers,
    y: Floats,
    *,
    start: Callable[[Floats, Floats], Floats] = lambda out, y: 2 * (out - y),
    into_weights: Callable[[Floats, int], Floats] | None = None,
    back: Callable[[Floats, Floats], Floats] = lambda w, df: w.T @ df,
    mask: Callable[[int], Floats] | None = None,
) -> Backward:
    """`into_weights(df, k)` gives the derivative by Omega_k, `mask(k)` the ReLU derivative at layer k - 1."""
    into = into_weights or (lambda df, k: df @ h[k].T)
    masked = mask or (lambda k: indicator(f[k - 1]))
    last = len(weights) - 1
    df = start(f[last], y)
    d_weights: list[Floats] = [df] * (last + 1)
    d_biases: list[Floats] = [df] * (last + 1)
    for layer in range(last, -1, -1):
        d_biases[layer] = df
        d_weights[layer] = into(df, layer)
        if layer > 0:
            df = masked(layer) * back(weights[layer], df)
    return d_weights, d_biases


def _wrong_forward(**rules: Any) -> Callable[..., Forward]:
    return lambda net_input, weights, biases: _forward(net_input, weights, biases, **rules)


def _no_bias(weights: Layers, biases: Layers, layer: int, h: Floats) -> Floats:
    return weights[layer] @ h


def _no_bias_at_output(weights: Layers, biases: Layers, layer: int, h: Floats) -> Floats:
    return weights[layer] @ h + (biases[layer] if layer < len(weights) - 1 else 0.0)


def _no_bias_in_hidden(weights: Layers, biases: Layers, layer: int, h: Floats) -> Floats:
    return weights[layer] @ h + (biases[layer] if layer == len(weights) - 1 else 0.0)


def _activations_in_f(net_input: Floats, weights: Layers, biases: Layers) -> Forward:
    output, all_f, all_h = _forward(net_input, weights, biases)
    return output, [*all_h[1:], all_f[-1]], all_h


def _preactivations_in_h(net_input: Floats, weights: Layers, biases: Layers) -> Forward:
    output, all_f, all_h = _forward(net_input, weights, biases)
    return output, all_f, [all_h[0], *all_f[:-1]]


COMPUTE_NETWORK_OUTPUT = (
    Misconception(
        "activation-missing",
        "The activation function is missing: the network is linear.",
        _wrong_forward(activation=lambda f: f),
    ),
    Misconception("activation-at-output", "The output layer has no activation function.", _wrong_forward(output=relu)),
    Misconception("bias-missing", "The biases are missing.", _wrong_forward(affine=_no_bias)),
    Misconception(
        "bias-missing-at-output", "The bias of the output layer is missing.", _wrong_forward(affine=_no_bias_at_output)
    ),
    Misconception(
        "bias-missing-in-hidden",
        "The biases of the hidden layers are missing.",
        _wrong_forward(affine=_no_bias_in_hidden),
    ),
    Misconception(
        "bias-subtracted",
        "The biases are subtracted; they must be added.",
        _wrong_forward(affine=lambda w, b, k, h: w[k] @ h - b[k]),
    ),
    Misconception(
        "first-layer-weights",
        "Every hidden layer uses the weights of layer 1; each has its own.",
        _wrong_forward(affine=lambda w, b, k, h: b[k] + w[min(k, 1) if k < len(w) - 1 else k] @ h),
    ),
    Misconception(
        "f-holds-activations",
        "`all_f` holds the values after the activation function; it must hold those before.",
        _activations_in_f,
    ),
    Misconception(
        "h-holds-preactivations",
        "`all_h` holds the values before the activation function; it must hold those after.",
        _preactivations_in_h,
    ),
)


def _wrong_backward(rules: Callable[[Layers, Layers, Layers], dict[str, Any]]) -> Callable[..., Backward]:
    """`rules(weights, f, h)` gives what differs from the right backward pass."""
    return lambda weights, biases, f, h, y: _backward(weights, biases, f, h, y, **rules(weights, f, h))


def _shifted(weights: Layers, biases: Layers, f: Layers, h: Layers, y: Floats) -> Backward:
    d_weights, d_biases = _backward(weights, biases, f, h, y)
    return [*d_weights[1:], d_weights[0]], [*d_biases[1:], d_biases[0]]


BACKWARD_PASS = (
    Misconception(
        "relu-derivative-missing",
        "The derivative of the activation function has no effect: `indicator_function` is missing, or is applied to "
        "`all_h`, which is never negative.",
        _wrong_backward(lambda w, f, h: {"mask": lambda k: 1.0}),
    ),
    Misconception(
        "relu-mask-wrong-layer",
        "The derivative of the activation function is taken at the preactivations of the wrong layer.",
        _wrong_backward(lambda w, f, h: {"mask": lambda k: indicator(f[k])}),
    ),
    Misconception(
        "relu-for-indicator",
        "The preactivations themselves are multiplied in; the derivative of ReLU is 0 or 1.",
        _wrong_backward(lambda w, f, h: {"mask": lambda k: relu(f[k - 1])}),
    ),
    Misconception(
        "f-for-h",
        "The weights' derivatives use the preactivations `all_f`; they need the activations `all_h`.",
        _wrong_backward(lambda w, f, h: {"into_weights": lambda df, k: df @ (f[k - 1] if k else h[0]).T}),
    ),
    Misconception(
        "weight-derivative-transposed",
        "The weights' derivatives are transposed: the outer product is the wrong way round.",
        _wrong_backward(lambda w, f, h: {"into_weights": lambda df, k: h[k] @ df.T}),
    ),
    Misconception(
        "loss-derivative-missing",
        "The derivative of the loss by the output is missing from the chain.",
        _wrong_backward(lambda w, f, h: {"start": lambda out, y: np.ones_like(out)}),
    ),
    Misconception(
        "loss-factor-2-missing",
        "The derivative of the loss lacks its factor 2.",
        _wrong_backward(lambda w, f, h: {"start": lambda out, y: out - y}),
    ),
    Misconception(
        "minus-sign",
        "All derivatives have the wrong sign.",
        _wrong_backward(lambda w, f, h: {"start": lambda out, y: 2 * (y - out)}),
    ),
    Misconception(
        "weights-missing-from-chain",
        "The weights are missing from the chain: each step back multiplies by them.",
        _wrong_backward(lambda w, f, h: {"back": lambda weights, df: np.sum(df) * np.ones((weights.shape[1], 1))}),
    ),
    Misconception("layers-shifted", "The derivatives are stored one layer off.", _shifted),
)
