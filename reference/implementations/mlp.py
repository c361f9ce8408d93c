"""A multi-layer perceptron with the sigmoid at its output and the cross-entropy as loss, and known mistakes.

Weights are a list of matrices (units of the next layer, units + 1): the first column is the bias. X is (examples,
features), Y (examples, classes) with a single 1 in every row. Without biases the first column is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reference.implementations.activations import relu, sigmoid, softmax
from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]
Weights: TypeAlias = Sequence[Floats]


def sigmoid_slope(z: Floats) -> Floats:
    return sigmoid(z) * (1 - sigmoid(z))


ACTIVATIONS: dict[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "sigmoid": (sigmoid, sigmoid_slope),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (relu, lambda z: (z > 0).astype(np.float64)),
}


def predict(weights: Weights, X: Floats, activation: str = "sigmoid", bias: bool = True) -> Floats:
    """(examples, classes), each between 0 and 1."""
    return _forward(weights, X, activation=activation, bias=bias)[0][-1]


def backpropagation(
    weights: Weights, X: Floats, Y: Floats, activation: str = "sigmoid", bias: bool = True
) -> list[Floats]:
    """Gradients of the cross-entropy, averaged over the examples, in the shapes of the weights."""
    return _backward(weights, X, Y, activation=activation, bias=bias)


def loss(weights: Weights, X: Floats, Y: Floats) -> float:
    """Cross-entropy of every output by itself, summed over the outputs, averaged over the examples."""
    p = predict(weights, X)
    return float(-np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p)) / len(X))


def train(
    weights: Weights,
    X: Floats,
    Y: Floats,
    iterations: int,
    *,
    gradient: Callable[[Weights, Floats, Floats], list[Floats]] = backpropagation,
    rate: float = 1.0,
) -> list[Floats]:
    """The weights after so many steps of size 1 against the gradient."""
    current = list(weights)
    for _ in range(int(iterations)):
        current = [w - rate * g for w, g in zip(current, gradient(current, X, Y), strict=True)]
    return current


def _forward(
    weights: Weights,
    X: Floats,
    *,
    activation: str = "sigmoid",
    bias: bool = True,
    bias_last: bool = False,
    bias_used: bool = True,
    output: Callable[[Floats], Floats] = sigmoid,
) -> tuple[list[Floats], list[Floats]]:
    """(inputs of every layer with their column of ones, then the output; preactivations)."""
    values, before = [], []
    current = X
    for layer, w in enumerate(weights):
        if bias:
            ones = np.full((len(current), 1), 1.0 if bias_used else 0.0)
            current = np.concatenate([current, ones] if bias_last else [ones, current], axis=1)
        values.append(current)
        z = current @ w.T
        before.append(z)
        current = output(z) if layer == len(weights) - 1 else ACTIVATIONS[activation][0](z)
    return [*values, current], before


def _backward(
    weights: Weights,
    X: Floats,
    Y: Floats,
    *,
    activation: str = "sigmoid",
    bias: bool = True,
    start: Callable[[Floats, Floats], Floats] = lambda a, y: a - y,
    slope: Callable[[Floats, Floats], Floats] | None = None,
    mean: bool = True,
) -> list[Floats]:
    """`start(output, Y)`, `slope(preactivation, activation)`."""
    slope = slope or (lambda z, a: ACTIVATIONS[activation][1](z))
    values, before = _forward(weights, X, activation=activation, bias=bias)
    delta = start(values[-1], Y)
    gradients: list[Floats] = [delta] * len(weights)
    for layer in range(len(weights) - 1, -1, -1):
        gradients[layer] = delta.T @ values[layer] / (len(X) if mean else 1)
        if layer:
            inner = weights[layer][:, 1:] if bias else weights[layer]
            outputs = values[layer][:, 1:] if bias else values[layer]
            delta = (delta @ inner) * slope(before[layer - 1], outputs)
    return gradients


def _wrong_forward(**rules: Any) -> Callable[..., Floats]:
    return lambda weights, X: _forward(weights, X, **rules)[0][-1]


def _wrong_backward(**rules: Any) -> Callable[..., list[Floats]]:
    return lambda weights, X, Y: _backward(weights, X, Y, **rules)


PREDICT = (
    Misconception(
        "bias-last",
        "The column of ones is put last; the bias is the first column of the weights.",
        _wrong_forward(bias_last=True),
    ),
    Misconception("bias-missing", "The biases are not used.", _wrong_forward(bias_used=False)),
    Misconception(
        "activation-missing-at-output", "The output layer has a sigmoid too.", _wrong_forward(output=lambda z: z)
    ),
    Misconception(
        "activation-missing",
        "The hidden layers have no activation: the network is linear inside.",
        lambda weights, X: sigmoid(_linear(weights, X)),
    ),
    Misconception(
        "activation-missing",
        "No layer has an activation: the network is linear.",
        lambda weights, X: _linear(weights, X),
    ),
    Misconception(
        "softmax-at-output",
        "The output layer has a softmax; the sigmoid is asked, for every output by itself.",
        _wrong_forward(output=lambda z: softmax(z, axis=1)),
    ),
    Misconception(
        "tanh-for-sigmoid", "The hidden layers use tanh; the sigmoid is asked.", _wrong_forward(activation="tanh")
    ),
)


def _linear(weights: Weights, X: Floats) -> Floats:
    for w in weights:
        X = np.concatenate([np.ones((len(X), 1)), X], axis=1) @ w.T
    return X


BACKPROPAGATION = (
    Misconception("minus-sign", "The sign is wrong.", _wrong_backward(start=lambda a, y: y - a)),
    Misconception(
        "sum-for-mean", "The gradients are summed; divide by the number of examples.", _wrong_backward(mean=False)
    ),
    Misconception(
        "output-slope-left",
        "At the output the slope of the sigmoid is left over: with the cross-entropy it cancels.",
        _wrong_backward(start=lambda a, y: (a - y) * a * (1 - a)),
    ),
    Misconception(
        "slope-missing",
        "The slope of the activation is missing in the hidden layers.",
        _wrong_backward(slope=lambda z, a: np.ones_like(z)),
    ),
    Misconception(
        "slope-at-output",
        "The slope is taken at the layer's output; it is taken before the activation.",
        _wrong_backward(slope=lambda z, a: sigmoid_slope(a)),
    ),
    Misconception(
        "activation-for-slope", "The activation stands where its slope belongs.", _wrong_backward(slope=lambda z, a: a)
    ),
    Misconception("factor-2", "At the output the error is doubled.", _wrong_backward(start=lambda a, y: 2 * (a - y))),
)


def train_mistakes(
    gradient: Callable[[Weights, Floats, Floats], list[Floats]] = backpropagation,
) -> tuple[Misconception, ...]:
    def wrong(rate: float = 1.0, steps: Callable[[int], int] = lambda n: n) -> Callable[..., list[Floats]]:
        return lambda w, X, Y, n: train(w, X, Y, steps(n), gradient=gradient, rate=rate)

    def same_gradient(w: Weights, X: Floats, Y: Floats, n: int) -> list[Floats]:
        return [a - n * g for a, g in zip(w, gradient(w, X, Y), strict=True)]

    return (
        Misconception("never-updated", "The weights stay as they were.", wrong(rate=0.0)),
        Misconception("uphill", "The steps go uphill.", wrong(rate=-1.0)),
        Misconception("one-step", "Only one step is taken.", wrong(steps=lambda n: 1)),
        Misconception("one-step-short", "One step too few is taken.", wrong(steps=lambda n: n - 1)),
        Misconception(
            "gradient-computed-once", "The gradient is computed once; each step needs a new one.", same_gradient
        ),
        Misconception("step-size", "The step size is 0.1; it is 1.", wrong(rate=0.1)),
        Misconception("step-size", "The step size is 0.01; it is 1.", wrong(rate=0.01)),
    )
