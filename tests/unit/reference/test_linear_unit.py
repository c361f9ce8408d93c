"""The linear unit against finite differences, the closed form and the frozen values."""

from __future__ import annotations

import numpy as np
import pytest

from reference.frozen import frozen
from reference.implementations import linear_unit

W, X_I = np.array([0.3, -0.5, 0.8]), np.array([1.0, 2.0, -1.0])


@pytest.mark.parametrize(("label", "name"), [(1.0, "loss_positive"), (0.0, "loss_negative")])
def test_frozen_losses_are_regenerated(label: float, name: str) -> None:
    assert linear_unit.loss_i(W, X_I, label) == pytest.approx(frozen("linear_unit", name), rel=1e-12)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_gradient_equals_finite_differences_of_the_loss(label: float) -> None:
    slope = [
        (linear_unit.loss_i(W + d, X_I, label) - linear_unit.loss_i(W - d, X_I, label)) / 2e-6 for d in 1e-6 * np.eye(3)
    ]
    assert np.allclose(linear_unit.grad_loss_i(W, X_I, np.array([label])), slope, atol=1e-8)


def test_descent_for_linear_regression_reaches_least_squares() -> None:
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
    w = linear_unit.linear_regression_descent(X, y, 0.2, 5000)
    assert np.allclose(w, linear_unit.least_squares(X, y))
