"""Layers with their derivatives, optimisers, and known mistakes.

A layer maps (batch, n_inputs) to (batch, n_outputs). Its derivative is (n_inputs, batch, n_outputs): entry [i, b, o] is
the derivative of output o of example b by input i of the same example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reference.implementations import activations
from reference.implementations.activations import relu, sigmoid
from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]
Function: TypeAlias = Callable[..., Floats]

EPSILON = 1e-6  # inside the cross-entropy's logarithm


def diagonal(slopes: Floats) -> Floats:
    """Derivatives (batch, n) of a layer that works on every entry for itself, as (n, batch, n)."""
    return np.asarray(np.einsum("bi,io->ibo", slopes, np.eye(slopes.shape[1])), dtype=np.float64)


def sigmoid_grad(x: Floats) -> Floats:
    return diagonal(sigmoid(x) * (1 - sigmoid(x)))


def linear(x: Floats, weights: Floats, biases: Floats) -> Floats:
    return np.asarray(x @ weights + biases, dtype=np.float64)


def linear_grad(x: Floats, weights: Floats, biases: Floats) -> Floats:
    return np.asarray(np.repeat(weights[:, None, :], len(x), axis=1), dtype=np.float64)


def relu_grad(x: Floats) -> Floats:
    return diagonal((x > 0).astype(np.float64))


def softmax(x: Floats, axis: int | None = 1) -> Floats:
    """Rows are examples."""
    return activations.softmax(x, axis)


def softmax_grad(x: Floats) -> Floats:
    y = softmax(x)
    return np.asarray(diagonal(y) - np.einsum("bi,bo->ibo", y, y), dtype=np.float64)


def cross_entropy(y: Floats, T: Floats) -> Floats:
    """Entry by entry, (batch, classes)."""
    return np.asarray(-T * np.log(y + EPSILON), dtype=np.float64)


def cross_entropy_grad(y: Floats, T: Floats) -> Floats:
    return diagonal(-T / (y + EPSILON))


def weight_decay(parameters: Floats) -> Floats:
    return np.asarray(0.5 * np.sum(parameters**2))


def weight_decay_grad(parameters: Floats) -> Floats:
    return parameters


def chain(derivatives: Sequence[Floats]) -> Floats:
    """The derivative of a stack of layers, from theirs in order; every example for itself."""
    total = derivatives[0]
    for derivative in derivatives[1:]:
        total = np.einsum("ibj,jbo->ibo", total, derivative)
    return total


def chain_mixing_batch(derivatives: Sequence[Floats], keep: str) -> Floats:
    """The mistake that sums over the examples, too."""
    total = derivatives[0]
    for derivative in derivatives[1:]:
        total = np.einsum(f"ibj,jco->i{keep}o", total, derivative)
    return total


def gradient_descent(deltas: Floats, lr: float, momentum: float) -> Floats:
    """The updates for a series of gradients: g <- momentum g + delta, update -lr g."""
    return descent(deltas, lr, momentum)


def descent(deltas: Floats, lr: float, momentum: float, *, damping: float = 0.0, ahead: bool = False) -> Floats:
    g, updates = np.zeros_like(deltas[0]), []
    for delta in deltas:
        g = momentum * g + (1 - damping) * delta
        updates.append(-lr * (momentum * g + delta if ahead else g))
    return np.array(updates)


def adam(deltas: Floats, lr: float, d1: float, d2: float) -> Floats:
    """The updates of Adam with bias correction (Kingma and Ba, 2015)."""
    return _adam(deltas, lr, d1, d2)


def simple_adam(deltas: Floats, lr: float, d1: float, d2: float) -> Floats:
    """The simpler form of the material: sums instead of averages, and so no correction."""
    m, v, updates = np.zeros_like(deltas[0]), np.zeros_like(deltas[0]), []
    for delta in deltas:
        m, v = d1 * m + delta, d2 * v + delta**2
        updates.append(-lr * m / np.sqrt(v + 1e-8))
    return np.array(updates)


def _adam(deltas: Floats, lr: float, d1: float, d2: float, *, correct: bool = True, root: bool = True) -> Floats:
    m, v, updates = np.zeros_like(deltas[0]), np.zeros_like(deltas[0]), []
    for step, delta in enumerate(deltas, start=1):
        m, v = d1 * m + (1 - d1) * delta, d2 * v + (1 - d2) * delta**2
        over, under = (m / (1 - d1**step), v / (1 - d2**step)) if correct else (m, v)
        updates.append(-lr * over / ((np.sqrt(under) if root else under) + 1e-8))
    return np.array(updates)


def layout_mistakes(right: Function) -> tuple[Misconception, ...]:
    """A right derivative with its axes in another order, or without those that it needs."""

    def moved(*order: int) -> Function:
        return lambda *arguments: np.transpose(right(*arguments), order)

    sentence = "The axes are in another order: the derivative has the shape (inputs, batch, outputs)."
    return (
        Misconception("axes-exchanged", sentence, moved(1, 0, 2)),
        Misconception("axes-exchanged", sentence, moved(2, 1, 0)),
        Misconception("axes-exchanged", sentence, moved(1, 2, 0)),
        Misconception(
            "not-a-jacobian",
            "These are the slopes of every entry by itself, (batch, n); the derivative has a place for each pair of "
            "an input and an output.",
            lambda *arguments: np.einsum("ibi->bi", right(*arguments)),
        ),
        Misconception("minus-sign", "The sign is wrong.", lambda *arguments: -right(*arguments)),
    )


SIGMOID = (
    Misconception("sigmoid-sign", "exp(+x) stands where exp(-x) belongs.", lambda x: sigmoid(-x)),
    Misconception("reciprocal-missing", "The reciprocal is missing.", lambda x: 1 + np.exp(-x)),
    Misconception("tanh-for-sigmoid", "This is tanh.", np.tanh),
)
SIGMOID_GRAD = (
    Misconception("factor-missing", "The slope is y(1 - y): a factor is missing.", lambda x: diagonal(sigmoid(x))),
    Misconception("factor-missing", "The slope is y(1 - y): a factor is missing.", lambda x: diagonal(1 - sigmoid(x))),
    Misconception(
        "slope-of-input",
        "The slope is y(1 - y) with the layer's output y, not its input.",
        lambda x: diagonal(x * (1 - x)),
    ),
    Misconception(
        "sigmoid-twice",
        "The sigmoid is applied to the layer's output again.",
        lambda x: diagonal(sigmoid(sigmoid(x)) * (1 - sigmoid(sigmoid(x)))),
    ),
)
LINEAR = (
    Misconception("bias-missing", "The biases are missing.", lambda x, weights, biases: x @ weights),
    Misconception("bias-subtracted", "The biases are subtracted.", lambda x, weights, biases: x @ weights - biases),
)
RELU = (
    Misconception("absolute-value", "Negative inputs become 0, not positive.", np.abs),
    Misconception("minimum-for-maximum", "The minimum is taken; ReLU takes the maximum.", lambda x: np.minimum(x, 0.0)),
)
RELU_GRAD = (
    Misconception("value-not-slope", "The slope of ReLU is 1 or 0, not the value itself.", lambda x: diagonal(relu(x))),
    Misconception("sign-of-input", "The slope is 0, not -1, for negative inputs.", lambda x: diagonal(np.sign(x))),
    Misconception("slope-always-1", "The slope is 0 for negative inputs.", lambda x: diagonal(np.ones_like(x))),
)
SOFTMAX = (
    Misconception("wrong-axis", "The sum is taken over the batch; every example has its own.", lambda x: softmax(x, 0)),
    Misconception(
        "whole-matrix", "The sum is taken over the whole batch; every example has its own.", lambda x: softmax(x, None)
    ),
    Misconception("not-normalised", "The exponentials are not divided by their sum.", np.exp),
    Misconception("exponential-missing", "The exponentials are missing.", lambda x: x / x.sum(axis=1, keepdims=True)),
)
SOFTMAX_GRAD = (
    Misconception(
        "diagonal-only",
        "Every output depends on every input: the derivatives beside the diagonal are not 0.",
        lambda x: diagonal(softmax(x) * (1 - softmax(x))),
    ),
    Misconception(
        "diagonal-missing",
        "The diagonal is y(1 - y), not -y².",
        lambda x: -np.einsum("bi,bo->ibo", softmax(x), softmax(x)),
    ),
    Misconception(
        "sign-beside-diagonal",
        "The derivatives beside the diagonal are negative.",
        lambda x: diagonal(softmax(x) - 2 * softmax(x) ** 2) + np.einsum("bi,bo->ibo", softmax(x), softmax(x)),
    ),
)
CROSS_ENTROPY = (
    Misconception("minus-sign", "The minus sign is missing.", lambda y, T: T * np.log(y + EPSILON)),
    Misconception("log-missing", "The logarithm is missing.", lambda y, T: -T * y),
    Misconception(
        "other-classes-added",
        "Terms for the other classes are added: -T ln y is all.",
        lambda y, T: -T * np.log(y + EPSILON) - (1 - T) * np.log(1 - y + EPSILON),
    ),
    Misconception(
        "summed",
        "Keep one entry for each class: the sum over classes is taken later.",
        lambda y, T: cross_entropy(y, T).sum(axis=1),
    ),
    Misconception(
        "summed", "Keep one entry for each class; do not add up or average.", lambda y, T: cross_entropy(y, T).sum()
    ),
    Misconception(
        "summed", "Keep one entry for each class; do not add up or average.", lambda y, T: cross_entropy(y, T).mean()
    ),
)
CROSS_ENTROPY_GRAD = (
    Misconception(
        "softmax-included",
        "This is the derivative of softmax and cross-entropy together; here only that of the cross-entropy is asked.",
        lambda y, T: diagonal(y - T),
    ),
    Misconception("target-missing", "T is missing.", lambda y, T: diagonal(-1 / (y + EPSILON))),
    Misconception("product-for-quotient", "T is divided by y, not multiplied.", lambda y, T: diagonal(-T * y)),
)
WEIGHT_DECAY = (
    Misconception("half-missing", "The factor 1/2 is missing.", lambda p: np.sum(p**2)),
    Misconception("mean-for-sum", "The squares are averaged; they are added up.", lambda p: 0.5 * np.mean(p**2)),
    Misconception("square-missing", "The squares are missing.", lambda p: 0.5 * np.sum(p)),
    Misconception("norm", "This is a length: the square root is too much.", lambda p: np.sqrt(np.sum(p**2))),
)
GRADIENT_DESCENT = (
    Misconception(
        "uphill", "The update goes uphill: the minus sign is missing.", lambda d, lr, m: -gradient_descent(d, lr, m)
    ),
    Misconception("momentum-missing", "The momentum is not used.", lambda d, lr, m: -lr * d),
    Misconception(
        "gradient-damped",
        "The new gradient counts in full; it is multiplied by 1 - momentum.",
        lambda d, lr, m: descent(d, lr, m, damping=m),
    ),
    Misconception("nesterov", "This is Nesterov's form of momentum.", lambda d, lr, m: descent(d, lr, m, ahead=True)),
    Misconception(
        "learning-rate-missing", "The learning rate is not used.", lambda d, lr, m: gradient_descent(d, 1.0, m)
    ),
)


def _rms(deltas: Floats, lr: float, d1: float, d2: float) -> Floats:
    v, updates = np.zeros_like(deltas[0]), []
    for step, delta in enumerate(deltas, start=1):
        v = d2 * v + (1 - d2) * delta**2
        updates.append(-lr * delta / (np.sqrt(v / (1 - d2**step)) + 1e-8))
    return np.array(updates)


ADAM = (
    Misconception("uphill", "The update goes uphill: the minus sign is missing.", lambda *a: -adam(*a)),
    Misconception("uphill", "The update goes uphill: the minus sign is missing.", lambda *a: -simple_adam(*a)),
    Misconception(
        "bias-correction-missing",
        "The averages start at 0 and are not corrected for it.",
        lambda *a: _adam(*a, correct=False),
    ),
    Misconception(
        "square-root-missing", "The square root in the denominator is missing.", lambda *a: _adam(*a, root=False)
    ),
    Misconception("first-average-missing", "The gradient itself is used; its average is asked.", _rms),
)


def arguments_of(mistakes: Sequence[Misconception], count: int) -> tuple[Misconception, ...]:
    """The same mistakes for a probe with more arguments than the formula has; the first `count` are passed on."""

    def cut(wrong: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: wrong(*arguments[:count])

    return tuple(Misconception(m.key, m.sentence, cut(m.wrong)) for m in mistakes)
