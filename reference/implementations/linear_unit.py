"""The linear unit: logistic regression by gradient descent, and linear regression by descent.

p = 1 / (1 + exp(-w.x)); the loss of one point is -(y ln p + (1 - y) ln(1 - p)), its gradient -(y - p) x. Points are
rows of X (N, D) whose first entry is 1; labels are 0 or 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reference.implementations.activations import sigmoid
from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]
PointGradient: TypeAlias = Callable[[Floats, Floats, float], Floats]


def _p(w: Floats, x: Floats) -> float:
    return float(sigmoid(np.dot(w, x)))


def _y(label: Any) -> float:
    return float(np.ravel(label)[0])


def loss_i(w: Floats, x_i: Floats, y_i: Any) -> float:
    """Cross-entropy of one point: a number. `y_i` is a number or an array with one entry."""
    y, p = _y(y_i), _p(w, x_i)
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)))


def grad_loss_i(w: Floats, x_i: Floats, y_i: Any) -> Floats:
    """(D,)"""
    return -(_y(y_i) - _p(w, x_i)) * x_i


def gradient_descent(X: Floats, y: Floats, eta: float, T: int, *, gradient: PointGradient = grad_loss_i) -> Floats:
    """The weights (D,) after T steps along the negative gradient of the summed loss, from zero."""
    w = np.zeros(X.shape[1])
    for _ in range(int(T)):
        w = w - eta * np.sum([gradient(w, x, label) for x, label in zip(X, y, strict=True)], axis=0)
    return w


def linear_regression_descent(X: Floats, y: Floats, eta: float, T: int) -> Floats:
    """The weights (D,) after T steps on sum((Xw - y)²) / (2N), from zero."""
    return _regression(X, y, eta, T)


def _regression(X: Floats, y: Floats, eta: float, T: int, *, factor: float = 1.0, summed: bool = False) -> Floats:
    targets = np.ravel(y)
    w = np.zeros(X.shape[1])
    for _ in range(int(T)):
        gradient = X.T @ (X @ w - targets)
        w = w - eta * factor * gradient / (1 if summed else len(X))
    return w


def least_squares(X: Floats, y: Floats) -> Floats:
    """The closed form."""
    return np.asarray(np.linalg.lstsq(X, np.ravel(y), rcond=None)[0], dtype=np.float64)


def _loss(form: Callable[[float, float], Any], p: Callable[[Floats, Floats], float] = _p) -> Callable[..., Any]:
    return lambda w, x_i, y_i: form(_y(y_i), p(w, x_i))


def _grad(form: Callable[[float, float], float], p: Callable[[Floats, Floats], float] = _p) -> Callable[..., Any]:
    return lambda w, x_i, y_i: form(_y(y_i), p(w, x_i)) * x_i


def _p_wrong_sign(w: Floats, x: Floats) -> float:
    return 1 - _p(w, x)


def _no_bias(w: Floats, x: Floats) -> float:
    return float(sigmoid(np.dot(w[1:], x[1:])))


LOSS_I = (
    Misconception(
        "minus-sign", "The minus sign in front is missing.", _loss(lambda y, p: y * np.log(p) + (1 - y) * np.log(1 - p))
    ),
    Misconception(
        "sigmoid-sign",
        "The sigmoid has exp(+z) where it needs exp(-z).",
        _loss(lambda y, p: -y * np.log(p) - (1 - y) * np.log(1 - p), _p_wrong_sign),
    ),
    Misconception(
        "log-missing",
        "The logarithms are missing.",
        _loss(lambda y, p: -(y * p + (1 - y) * (1 - p))),
    ),
    Misconception(
        "only-positive-class",
        "Only points with the label 1 contribute: the second term is missing.",
        _loss(lambda y, p: -y * np.log(p)),
    ),
    Misconception(
        "only-negative-class",
        "Only points with the label 0 contribute: the first term is missing.",
        _loss(lambda y, p: -(1 - y) * np.log(1 - p)),
    ),
    Misconception(
        "terms-subtracted",
        "The two terms are subtracted; both carry the minus sign.",
        _loss(lambda y, p: -y * np.log(p) + (1 - y) * np.log(1 - p)),
    ),
    Misconception(
        "squared-error", "This is the squared error, not the cross-entropy.", _loss(lambda y, p: (y - p) ** 2)
    ),
    Misconception(
        "squared-error", "This is the squared error, not the cross-entropy.", _loss(lambda y, p: (y - p) ** 2 / 2)
    ),
    Misconception(
        "log10",
        "The logarithm is to base 10; the natural one is meant.",
        _loss(lambda y, p: -(y * np.log10(p) + (1 - y) * np.log10(1 - p))),
    ),
    Misconception(
        "bias-missing",
        "The first entry of `x_i`, the constant 1, is left out.",
        _loss(lambda y, p: -(y * np.log(p) + (1 - y) * np.log(1 - p)), _no_bias),
    ),
)

GRAD_LOSS_I = (
    Misconception(
        "minus-sign", "The sign is wrong: this points downhill, the gradient points uphill.", _grad(lambda y, p: y - p)
    ),
    Misconception(
        "input-missing",
        "The factor `x_i` is missing: the gradient has one entry for each weight.",
        lambda w, x_i, y_i: np.full(len(x_i), _p(w, x_i) - _y(y_i)),
    ),
    Misconception(
        "input-missing",
        "The factor `x_i` is missing: the gradient has one entry for each weight.",
        lambda w, x_i, y_i: _p(w, x_i) - _y(y_i),
    ),
    Misconception(
        "sigmoid-derivative-left",
        "A factor p(1 - p) is left over: with the cross-entropy it cancels (it belongs to the squared error).",
        _grad(lambda y, p: (p - y) * p * (1 - p)),
    ),
    Misconception(
        "sigmoid-sign", "The sigmoid has exp(+z) where it needs exp(-z).", _grad(lambda y, p: p - y, _p_wrong_sign)
    ),
    Misconception(
        "sigmoid-missing",
        "The sigmoid is missing: this is the gradient of a squared error of `w.x`.",
        lambda w, x_i, y_i: (np.dot(w, x_i) - _y(y_i)) * x_i,
    ),
    Misconception("only-positive-class", "Only points with the label 1 contribute.", _grad(lambda y, p: -y * (1 - p))),
    Misconception("only-negative-class", "Only points with the label 0 contribute.", _grad(lambda y, p: (1 - y) * p)),
    Misconception(
        "sigmoid-derivative-only", "This is the derivative of p, not of the loss.", _grad(lambda y, p: p * (1 - p))
    ),
    Misconception("plus-for-minus", "p and y are added; their difference is needed.", _grad(lambda y, p: -(y + p))),
    Misconception(
        "bias-missing",
        "The first entry of `x_i`, the constant 1, is left out of `w.x`.",
        _grad(lambda y, p: p - y, _no_bias),
    ),
)


def descent_mistakes(gradient: PointGradient = grad_loss_i) -> tuple[Misconception, ...]:
    """What gradient descent gives with a known mistake; `gradient` is the one of a single point."""

    def mean(X: Floats, y: Floats, eta: float, T: int) -> Floats:
        return gradient_descent(X, y, eta / len(X), T, gradient=gradient)

    def uphill(X: Floats, y: Floats, eta: float, T: int) -> Floats:
        return gradient_descent(X, y, -eta, T, gradient=gradient)

    def point_by_point(X: Floats, y: Floats, eta: float, T: int) -> Floats:
        w = np.zeros(X.shape[1])
        for _ in range(int(T)):
            for x, label in zip(X, y, strict=True):
                w = w - eta * gradient(w, x, label)
        return w

    def never_reset(X: Floats, y: Floats, eta: float, T: int) -> Floats:
        w, total = np.zeros(X.shape[1]), np.zeros(X.shape[1])
        for _ in range(int(T)):
            total = total + np.sum([gradient(w, x, label) for x, label in zip(X, y, strict=True)], axis=0)
            w = w - eta * total
        return w

    def one_step(X: Floats, y: Floats, eta: float, T: int) -> Floats:
        return gradient_descent(X, y, eta, 1, gradient=gradient)

    def shorter(X: Floats, y: Floats, eta: float, T: int) -> Floats:
        return gradient_descent(X, y, eta, T - 1, gradient=gradient)

    def last_left_out(X: Floats, y: Floats, eta: float, T: int) -> Floats:
        return gradient_descent(X[:-1], y[:-1], eta, T, gradient=gradient)

    def last_point_only(X: Floats, y: Floats, eta: float, T: int) -> Floats:
        return gradient_descent(X[-1:], y[-1:], eta, T, gradient=gradient)

    def course_rate(X: Floats, y: Floats, eta: float, T: int) -> Floats:
        return gradient_descent(X, y, 0.1, T, gradient=gradient)

    return (
        Misconception("mean-for-sum", "The gradients are averaged; the loss is their sum.", mean),
        Misconception("uphill", "The steps go uphill: along the gradient instead of against it.", uphill),
        Misconception(
            "step-after-every-point", "The weights change after every point; one step uses all points.", point_by_point
        ),
        Misconception("gradient-not-reset", "The summed gradient is not set back to 0 before each step.", never_reset),
        Misconception(
            "one-step", "Only one step is taken: `return` or the update stands in the wrong place.", one_step
        ),
        Misconception("one-step-short", "One step too few is taken.", shorter),
        Misconception(
            "one-step-more",
            "One step too many is taken.",
            lambda X, y, eta, T: gradient_descent(X, y, eta, T + 1, gradient=gradient),
        ),
        Misconception("last-point-dropped", "The last data point is left out.", last_left_out),
        Misconception(
            "last-point-only",
            "Only the last point's gradient is used: the gradients are not added up.",
            last_point_only,
        ),
        Misconception("eta-ignored", "The step size `eta` is not used: it is always 0.1.", course_rate),
    )


LINEAR_REGRESSION = (
    Misconception(
        "factor-2",
        "The gradient is twice too large: the loss has a factor 1/2, which the derivative of the square uses up.",
        lambda X, y, eta, T: _regression(X, y, eta, T, factor=2.0),
    ),
    Misconception(
        "sum-for-mean",
        "The gradients are summed; the loss is their mean.",
        lambda X, y, eta, T: _regression(X, y, eta, T, summed=True),
    ),
    Misconception(
        "sum-for-mean-and-factor-2",
        "The gradient is 2N times too large: the loss is divided by 2N.",
        lambda X, y, eta, T: _regression(X, y, eta, T, factor=2.0, summed=True),
    ),
    Misconception("uphill", "The steps go uphill.", lambda X, y, eta, T: _regression(X, y, -eta, T)),
    Misconception(
        "closed-form",
        "This is the closed-form solution; the result of T steps of gradient descent is asked.",
        lambda X, y, eta, T: least_squares(X, y),
    ),
    Misconception(
        "logistic",
        "The sigmoid is still there: linear regression predicts `Xw` itself.",
        lambda X, y, eta, T: gradient_descent(X, np.ravel(y), eta / len(X), T),
    ),
    Misconception("one-step", "Only one step is taken.", lambda X, y, eta, T: _regression(X, y, eta, 1)),
)
