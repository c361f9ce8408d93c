"""The perceptron's gradients against finite differences of its loss."""

from __future__ import annotations

import numpy as np
import pytest

from reference.implementations import mlp


def network(seed: int = 0) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(4, 4)), rng.normal(size=(2, 5))]
    return weights, rng.normal(size=(5, 3)), np.eye(2)[[0, 1, 1, 0, 1]]


def test_gradients_equal_finite_differences() -> None:
    weights, X, Y = network()
    gradients = mlp.backpropagation(weights, X, Y)
    for w, gradient in zip(weights, gradients, strict=True):
        for place in np.ndindex(*w.shape):
            w[place] += 1e-6
            above = mlp.loss(weights, X, Y)
            w[place] -= 2e-6
            slope = (above - mlp.loss(weights, X, Y)) / 2e-6
            w[place] += 1e-6
            assert gradient[place] == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_slopes_of_the_activations_equal_finite_differences(activation: str) -> None:
    function, slope = mlp.ACTIVATIONS[activation]
    z = np.array([-1.3, -0.2, 0.4, 2.0])
    assert np.allclose(slope(z), (function(z + 1e-6) - function(z - 1e-6)) / 2e-6, atol=1e-8)


def test_training_lowers_the_loss() -> None:
    weights, X, Y = network(1)
    assert mlp.loss(mlp.train(weights, X, Y, 50), X, Y) < 0.5 * mlp.loss(weights, X, Y)


def test_without_biases_the_first_column_is_absent() -> None:
    weights, X, Y = network(2)
    bare = [w[:, 1:] for w in weights]
    zeroed = [np.concatenate([np.zeros((len(w), 1)), w], axis=1) for w in bare]
    assert np.allclose(mlp.predict(bare, X, bias=False), mlp.predict(zeroed, X))
    for short, full in zip(mlp.backpropagation(bare, X, Y, bias=False), mlp.backpropagation(zeroed, X, Y), strict=True):
        assert np.allclose(short, full[:, 1:])
