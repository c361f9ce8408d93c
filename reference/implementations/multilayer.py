"""A fully connected network of arctan layers with a multi-class logistic loss, and known mistakes.

x_0 = x, x_{r+1} = arctan(A_r x_r + b_r) for r < R, loss sum over points of log(sum exp z) - <z, y>. Points are columns:
x is (p, n), y (k, n) with a single 1 in every column; A_r is (d_{r+1}, d_r), b_r (d_{r+1}, 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reference.implementations.activations import softmax
from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]
Layers: TypeAlias = Sequence[Floats]
Gradients: TypeAlias = tuple[list[Floats], list[Floats]]


def rhoF(u: Floats) -> Floats:
    return np.asarray(np.arctan(u), dtype=np.float64)


def rhoG(u: Floats) -> Floats:
    """Derivative of the arctan."""
    return np.asarray(1 / (1 + u**2), dtype=np.float64)


def log_sum_exp(z: Floats, axis: int = 0) -> Floats:
    top = z.max(axis=axis, keepdims=True)
    return np.asarray(np.log(np.exp(z - top).sum(axis=axis)) + top.squeeze(axis), dtype=np.float64)


def lossF(z: Floats, y: Floats) -> float:
    """A number; z and y are (k, n)."""
    return float(log_sum_exp(z).sum() - np.sum(z * y))


def lossG(z: Floats, y: Floats) -> Floats:
    """Gradient of lossF by z, (k, n)."""
    return softmax(z) - y


def ForwardNN(A: Layers, b: Layers, Z: Floats, R: int) -> list[Floats]:
    """R + 1 arrays: the input and the output of every layer."""
    return _forward(A, b, Z, R)


def BackwardNN(
    A: Layers, b: Layers, X: Layers, R: int, y: Floats, *, start: Callable[[Floats, Floats], Floats] | None = None
) -> Gradients:
    """Gradients of the loss by every A_r and b_r; `start(z, y)` is the loss's gradient by the output (default lossG).

    The material's function takes `y` from a global `Y`.
    """
    return _backward(A, b, X, R, y, start=start or lossG)


def mean_loss(A: Layers, b: Layers, x: Floats, y: Floats) -> float:
    return float(lossF(_forward(A, b, x, len(A))[-1], y) / x.shape[1])


def spirals(rng: np.random.Generator, points: int, classes: int = 3) -> tuple[Floats, Floats]:
    """The material's data, `points` of each class: x (2, n), one arm of a spiral for each class, and y (classes, n)."""
    x, y = np.zeros((2, points * classes)), np.zeros((classes, points * classes))
    radius = np.linspace(0.0, 1.0, points)
    for j in range(classes):
        here = slice(points * j, points * (j + 1))
        angle = np.linspace(4.0 * j, 4.0 * (j + 1), points) + 0.2 * rng.normal(size=points)
        x[:, here] = radius * np.sin(angle), radius * np.cos(angle)
        y[j, here] = 1.0
    return x, y


def _forward(
    A: Layers,
    b: Layers,
    Z: Floats,
    R: int,
    *,
    activation: Callable[[Floats], Floats] = rhoF,
    last: Callable[[Floats], Floats] | None = None,
    bias: float = 1.0,
) -> list[Floats]:
    X = [np.asarray(Z, dtype=np.float64)]
    for r in range(R):
        u = A[r] @ X[r] + bias * b[r]
        X.append(activation(u) if last is None or r < R - 1 else last(u))
    return X


def _backward(
    A: Layers,
    b: Layers,
    X: Layers,
    R: int,
    y: Floats,
    *,
    start: Callable[[Floats, Floats], Floats] = lossG,
    slope: Callable[[int, Floats], Floats] | None = None,
    back: Callable[[Floats, Floats, Floats], Floats] = lambda a, m, gx: a.T @ m,
    into_A: Callable[[Floats, Floats], Floats] = lambda m, x: m @ x.T,
    into_b: Callable[[Floats], Floats] = lambda m: m.sum(axis=1, keepdims=True),
) -> Gradients:
    """`slope(r, u)` is the derivative of the activation at layer r."""
    slope = slope or (lambda r, u: rhoG(u))
    gA: list[Floats] = [np.zeros(0)] * R
    gb: list[Floats] = [np.zeros(0)] * R
    gx = start(X[R], y)
    for r in range(R - 1, -1, -1):
        M = slope(r, A[r] @ X[r] + b[r]) * gx
        gA[r], gb[r] = into_A(M, X[r]), into_b(M)
        gx = back(A[r], M, gx)
    return gA, gb


LOSS = (
    Misconception(
        "minus-sign", "The sign is wrong: log(sum exp z) comes first, <z, y> is taken off.", lambda z, y: -lossF(z, y)
    ),
    Misconception("target-missing", "The second term, <z, y>, is missing.", lambda z, y: float(log_sum_exp(z).sum())),
    Misconception(
        "target-added",
        "The second term, <z, y>, is added; it is taken off.",
        lambda z, y: float(log_sum_exp(z).sum() + np.sum(z * y)),
    ),
    Misconception("log-missing", "The logarithm is missing.", lambda z, y: float(np.exp(z).sum() - np.sum(z * y))),
    Misconception(
        "one-logarithm",
        "The logarithm is taken once, of the sum over all points; every point has its own.",
        lambda z, y: float(np.log(np.exp(z).sum()) - np.sum(z * y)),
    ),
    Misconception(
        "wrong-axis",
        "The exponentials are summed over the points; they are summed over the classes, the rows of z.",
        lambda z, y: float(log_sum_exp(z, axis=1).sum() - np.sum(z * y)),
    ),
    Misconception(
        "mean-for-sum", "This is the mean over the points; their sum is asked.", lambda z, y: lossF(z, y) / z.shape[1]
    ),
)

LOSS_GRADIENT = (
    Misconception("minus-sign", "The sign is wrong: the gradient is softmax minus y.", lambda z, y: y - softmax(z)),
    Misconception("target-missing", "y is missing: this is the softmax alone.", lambda z, y: softmax(z)),
    Misconception("target-added", "y is added; it is taken off.", lambda z, y: softmax(z) + y),
    Misconception(
        "wrong-axis",
        "The softmax is taken over the points; it is taken over the classes, the rows of z.",
        lambda z, y: softmax(z, axis=1) - y,
    ),
    Misconception(
        "whole-matrix",
        "The softmax is taken over the whole matrix; every point has its own.",
        lambda z, y: np.exp(z) / np.exp(z).sum() - y,
    ),
    Misconception("not-normalised", "The exponentials are not divided by their sum.", lambda z, y: np.exp(z) - y),
    Misconception("softmax-missing", "The softmax is missing.", lambda z, y: z - y),
    Misconception("softmax-twice", "The softmax is taken twice.", lambda z, y: softmax(softmax(z)) - y),
    Misconception(
        "mean-for-sum",
        "This is the gradient of a mean over the points; the loss is a sum.",
        lambda z, y: lossG(z, y) / z.shape[1],
    ),
)


def _before_activation(A: Layers, b: Layers, Z: Floats, R: int) -> list[Floats]:
    X = _forward(A, b, Z, R)
    return [X[0], *(A[r] @ X[r] + b[r] for r in range(R))]


FORWARD = (
    Misconception(
        "activation-missing",
        "The activation is missing: every layer is linear.",
        lambda *a: _forward(*a, activation=lambda u: u),
    ),
    Misconception(
        "activation-missing-at-output",
        "The last layer has no activation; here every layer has one.",
        lambda *a: _forward(*a, last=lambda u: u),
    ),
    Misconception("bias-missing", "The biases are missing.", lambda *a: _forward(*a, bias=0.0)),
    Misconception("bias-subtracted", "The biases are subtracted; they are added.", lambda *a: _forward(*a, bias=-1.0)),
    Misconception(
        "tanh-for-arctan", "The activation is the arctan, not tanh.", lambda *a: _forward(*a, activation=np.tanh)
    ),
    Misconception(
        "before-activation",
        "The list holds the values before the activation; it must hold those after.",
        _before_activation,
    ),
)


def backward_mistakes(
    start: Callable[[Floats, Floats], Floats] = lossG,
) -> tuple[tuple[str, str, Callable[..., Any]], ...]:
    """(key, sentence, wrong (A, b, X, R, y) -> gradients)."""

    def wrong(**rules: Any) -> Callable[..., Gradients]:
        return lambda A, b, X, R, y: _backward(A, b, X, R, y, **{"start": start, **rules})

    def at_output(A: Layers, b: Layers, X: Layers, R: int, y: Floats) -> Gradients:
        return _backward(A, b, X, R, y, start=start, slope=lambda r, u: rhoG(X[r + 1]))

    def without_bias(A: Layers, b: Layers, X: Layers, R: int, y: Floats) -> Gradients:
        return _backward(A, b, X, R, y, start=start, slope=lambda r, u: rhoG(A[r] @ X[r]))

    def linear_output(A: Layers, b: Layers, X: Layers, R: int, y: Floats) -> Gradients:
        return _backward(A, b, X, R, y, start=start, slope=lambda r, u: rhoG(u) if r < R - 1 else np.ones_like(u))

    def reversed_order(A: Layers, b: Layers, X: Layers, R: int, y: Floats) -> Gradients:
        gA, gb = _backward(A, b, X, R, y, start=start)
        return gA[::-1], gb[::-1]

    return (
        ("minus-sign", "The sign is wrong.", wrong(start=lambda z, y: -start(z, y))),
        (
            "activation-derivative-missing",
            "The derivative of the activation is missing.",
            wrong(slope=lambda r, u: np.ones_like(u)),
        ),
        (
            "activation-for-derivative",
            "The activation stands where its derivative belongs.",
            wrong(slope=lambda r, u: rhoF(u)),
        ),
        (
            "derivative-at-output",
            "The activation's derivative is taken at the layer's output; it is taken before the activation.",
            at_output,
        ),
        ("bias-missing", "The bias is missing where the activation's derivative is taken.", without_bias),
        ("linear-output", "The last layer has an activation too: its derivative is missing.", linear_output),
        (
            "derivative-not-passed-on",
            "What is passed back lacks the activation's derivative: pass M back, not the gradient before it.",
            wrong(back=lambda a, m, gx: a.T @ gx),
        ),
        (
            "layers-reversed",
            "The gradients stand in reverse order: the first entry belongs to the first layer.",
            reversed_order,
        ),
        ("transposed", "Every gradient by A is transposed.", wrong(into_A=lambda m, x: x @ m.T)),
        (
            "mean-for-sum",
            "The gradients are averaged over the points; the loss is a sum.",
            wrong(into_A=lambda m, x: m @ x.T / m.shape[1], into_b=lambda m: m.mean(axis=1, keepdims=True)),
        ),
        (
            "bias-mean-for-sum",
            "The gradient by b is the sum over the points, not their mean.",
            wrong(into_b=lambda m: m.mean(axis=1, keepdims=True)),
        ),
        ("bias-not-summed", "The gradient by b is summed over the points.", wrong(into_b=lambda m: m)),
    )
