"""Fitting a model with two parameters by gradient descent: losses, gradients, line search, steps.

Data is x (n,) and y (n,), together (2, n); parameters phi are (2, 1). The loss is the sum of squared differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]
Model: TypeAlias = Callable[[Floats, Floats], Floats]

LAST = "The last data point is left out: a range ends one too early."


def line(phi: Floats, x: Floats) -> Floats:
    """phi_0 + phi_1 x."""
    return np.asarray(phi[0] + phi[1] * x)


def gabor(phi: Floats, x: Floats) -> Floats:
    """sin(u) exp(-u²/32) with u = phi_0 + 0.06 phi_1 x."""
    u = phi[0] + 0.06 * phi[1] * x
    return np.asarray(np.sin(u) * np.exp(-(u**2) / 32))


def curve(phi: Floats, x: Floats) -> Floats:
    """A model of no notebook: it tells who uses the model that is passed."""
    return np.asarray(phi[0] * x / (1 + x * x) - 0.3 * phi[1] + 0.1 * x * phi[1])


MODELS: dict[str, Model] = {"line": line, "gabor": gabor, "curve": curve}


def compute_loss(data_x: Floats, data_y: Floats, model: str, phi: Floats) -> float:
    """The sum over the points of (prediction - y)²; `model` is a name in MODELS."""
    return float(np.sum(_residuals(data_x, data_y, model, phi) ** 2))


def line_gradients(data_x: Floats, data_y: Floats, phi: Floats) -> Floats:
    """Each point's share of the gradient for the straight line, (2, n)."""
    residual = line(phi.ravel(), data_x) - data_y
    return np.stack([2 * residual, 2 * residual * data_x])


def gabor_gradients(data_x: Floats, data_y: Floats, phi: Floats) -> Floats:
    """Each point's share of the gradient for the Gabor model, (2, n)."""
    phi = phi.ravel()
    u = phi[0] + 0.06 * phi[1] * data_x
    envelope = np.exp(-(u**2) / 32)
    slope = np.cos(u) * envelope - np.sin(u) * envelope * u / 16
    outer = 2 * (np.sin(u) * envelope - data_y) * slope
    return np.stack([outer, outer * 0.06 * data_x])


def line_gradient(data_x: Floats, data_y: Floats, phi: Floats) -> Floats:
    """The gradient for the straight line, (2, 1)."""
    return np.asarray(line_gradients(data_x, data_y, phi).sum(axis=1, keepdims=True))


def gabor_gradient(data_x: Floats, data_y: Floats, phi: Floats) -> Floats:
    """The gradient for the Gabor model, (2, 1)."""
    return np.asarray(gabor_gradients(data_x, data_y, phi).sum(axis=1, keepdims=True))


def _residuals(data_x: Floats, data_y: Floats, model: str, phi: Floats) -> Floats:
    return MODELS[model](np.asarray(phi, dtype=np.float64).ravel(), data_x) - data_y


def _of_residuals(compute: Callable[[Floats], Any]) -> Callable[..., Any]:
    return lambda data_x, data_y, model, phi: compute(_residuals(data_x, data_y, model, phi))


def _exchanged(data_x: Floats, data_y: Floats, model: str, phi: Floats) -> Any:
    return np.sum((MODELS[model](data_x, np.asarray(phi)) - data_y) ** 2)


COMPUTE_LOSS = (
    Misconception(
        "mean-for-sum", "The squares are averaged; their sum is asked.", _of_residuals(lambda d: np.mean(d**2))
    ),
    Misconception(
        "factor-half",
        "The sum is halved; the loss of this notebook has no factor in front.",
        _of_residuals(lambda d: 0.5 * np.sum(d**2)),
    ),
    Misconception("square-missing", "The differences are not squared.", _of_residuals(np.sum)),
    Misconception("square-missing", "The differences are not squared.", _of_residuals(lambda d: -np.sum(d))),
    Misconception(
        "absolute-for-square",
        "Absolute differences are added up; squares are asked.",
        _of_residuals(lambda d: np.sum(np.abs(d))),
    ),
    Misconception(
        "square-of-sum",
        "The sum is squared; the squares are to be added up.",
        _of_residuals(lambda d: np.sum(d) ** 2),
    ),
    Misconception(
        "square-root-taken",
        "The square root of the sum is taken; the sum itself is asked.",
        _of_residuals(lambda d: np.sqrt(np.sum(d**2))),
    ),
    Misconception("last-point-dropped", LAST, _of_residuals(lambda d: np.sum(d[:-1] ** 2))),
    Misconception("one-point-only", "Only the last point's square is returned.", _of_residuals(lambda d: d[-1] ** 2)),
    Misconception("minus-sign", "The sign is wrong: a sum of squares is positive.", _of_residuals(lambda d: -(d @ d))),
    Misconception(
        "model-arguments-exchanged",
        "The arguments of `model` are exchanged: it takes the parameters first and the inputs second.",
        _exchanged,
    ),
    Misconception(
        "all-pairs",
        "Every prediction is compared with every y; each has only its own: check the shapes.",
        lambda data_x, data_y, model, phi: np.sum(
            (MODELS[model](np.ravel(phi), data_x)[:, None] - data_y[None, :]) ** 2
        ),
    ),
    Misconception(
        "plus-for-minus",
        "Prediction and y are added; their difference is asked.",
        lambda data_x, data_y, model, phi: np.sum(_residuals(data_x, -data_y, model, phi) ** 2),
    ),
    Misconception(
        "predictions-only",
        "Only the predictions are squared: the data's y has no effect.",
        lambda data_x, data_y, model, phi: np.sum(_residuals(data_x, 0 * data_y, model, phi) ** 2),
    ),
)


def _components(compute: Callable[[Floats, Floats], Sequence[Any]]) -> Callable[..., Any]:
    """From residuals (prediction - y) and x to the two derivatives."""

    def wrong(data_x: Floats, data_y: Floats, phi: Floats) -> Floats:
        first, second = compute(line(np.ravel(phi), data_x) - data_y, data_x)
        return np.array([[first], [second]])

    return wrong


LINE_GRADIENT = (
    Misconception(
        "loss-factor-2-missing",
        "The factor 2 from the derivative of the square is missing.",
        _components(lambda r, x: (np.sum(r), np.sum(r * x))),
    ),
    Misconception(
        "minus-sign",
        "The gradient points the wrong way: its sign is wrong.",
        _components(lambda r, x: (-2 * np.sum(r), -2 * np.sum(r * x))),
    ),
    Misconception(
        "mean-for-sum",
        "The derivatives are averaged over the data; the loss is a sum.",
        _components(lambda r, x: (2 * np.mean(r), 2 * np.mean(r * x))),
    ),
    Misconception(
        "chain-factor-missing",
        "The derivative by the slope lacks the inner derivative, x.",
        _components(lambda r, x: (2 * np.sum(r), 2 * np.sum(r))),
    ),
    Misconception(
        "x-in-both",
        "The derivative by the intercept has a factor x; the intercept stands alone in the model.",
        _components(lambda r, x: (2 * np.sum(r * x), 2 * np.sum(r * x))),
    ),
    Misconception(
        "components-exchanged",
        "The two derivatives are exchanged.",
        _components(lambda r, x: (2 * np.sum(r * x), 2 * np.sum(r))),
    ),
    Misconception("last-point-dropped", LAST, _components(lambda r, x: (2 * np.sum(r[:-1]), 2 * np.sum((r * x)[:-1])))),
    Misconception(
        "product-of-sums",
        "The sums of differences and of x are multiplied; the products are to be added up.",
        _components(lambda r, x: (2 * np.sum(r), 2 * np.sum(r) * np.sum(x))),
    ),
    Misconception(
        "squared-differences",
        "The differences are still squared: that is the loss, not its derivative.",
        _components(lambda r, x: (2 * np.sum(r**2), 2 * np.sum(r**2 * x))),
    ),
    Misconception(
        "squared-differences",
        "The differences are still squared: that is the loss, not its derivative.",
        _components(lambda r, x: (np.sum(r**2), np.sum(r**2 * x))),
    ),
    Misconception(
        "one-point-only",
        "Only the last data point counts.",
        _components(lambda r, x: (2 * r[-1], 2 * r[-1] * x[-1])),
    ),
)


def course_line_data() -> Floats:
    """The twelve points of Training II, (2, 12)."""
    x = [0.03, 0.19, 0.34, 0.46, 0.78, 0.81, 1.08, 1.18, 1.39, 1.60, 1.65, 1.90]
    y = [0.67, 0.85, 1.05, 1.00, 1.40, 1.50, 1.30, 1.54, 1.55, 1.68, 1.73, 1.60]
    return np.array([x, y])
