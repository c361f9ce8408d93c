"""The variance that keeps deep ReLU networks level, and derivatives against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from reference.frozen import frozen
from reference.implementations import initialisation


def test_the_frozen_variance_is_the_formula() -> None:
    assert initialisation.level_variance(80) == frozen("initialisation", "level_variance_80")


@pytest.mark.parametrize(("share", "expected"), [(1.0, 1.0), (0.5, 0.5), (2.0, 2.0)])
def test_layers_multiply_mean_squares_by_the_growth(share: float, expected: float) -> None:
    rng = np.random.default_rng(0)
    variance = share * initialisation.level_variance(80)
    factors = []
    for _ in range(60):
        layers = initialisation.activations(initialisation.draw_weights(rng, 6, 80, variance), rng.normal(size=(1, 50)))
        factors.append(np.mean(layers[6] ** 2) / np.mean(layers[1] ** 2))
    assert initialisation.growth(variance, 80) == pytest.approx(expected)
    assert np.mean(factors) == pytest.approx(expected**5, rel=0.2)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_derivatives_agree_with_finite_differences(sign: float) -> None:
    rng = np.random.default_rng(1)
    weights = initialisation.draw_weights(rng, 4, 6, 0.4)

    def output(first: np.ndarray) -> float:
        hidden = np.maximum(first, 0.0)
        for layer in weights[1:-1]:
            hidden = np.maximum(layer @ hidden, 0.0)
        return float((weights[-1] @ hidden)[0, 0])

    start = weights[0] * sign
    derivative = initialisation.derivative_directions(weights, sign)[0]
    for unit in range(6):
        nudge = np.zeros((6, 1))
        nudge[unit] = 1e-6
        slope = (output(start + nudge) - output(start - nudge)) / 2e-6
        assert derivative[unit, 0] == pytest.approx(slope, abs=1e-8)


def test_the_measured_variance_is_that_of_the_weights() -> None:
    weights = initialisation.draw_weights(np.random.default_rng(2), 50, 80, 0.025)
    assert initialisation.weight_variance(weights) == pytest.approx(0.025, rel=0.01)
