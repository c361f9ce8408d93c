"""Derivatives of the layers against finite differences; the optimisers by hand; the stored digits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reference.implementations import activations, digits, layers

Function = Callable[..., np.ndarray]


def finite_differences(function: Function, x: np.ndarray, *rest: np.ndarray) -> np.ndarray:
    out = np.zeros((x.shape[1], x.shape[0], function(x, *rest).shape[1]))
    for i in range(x.shape[1]):
        step = np.zeros(x.shape)
        step[:, i] = 1e-6
        out[i] = (function(x + step, *rest) - function(x - step, *rest)) / 2e-6
    return out


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (activations.sigmoid, layers.sigmoid_grad),
        (activations.relu, layers.relu_grad),
        (layers.softmax, layers.softmax_grad),
    ],
)
def test_derivatives_equal_finite_differences(function: Function, derivative: Function) -> None:
    x = np.random.default_rng(0).normal(size=(4, 3))
    assert np.allclose(derivative(x), finite_differences(function, x), atol=1e-7)


def test_derivative_of_the_linear_layer() -> None:
    rng = np.random.default_rng(1)
    x, weights, biases = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=(1, 2))
    slopes = finite_differences(lambda x: layers.linear(x, weights, biases), x)
    assert np.allclose(layers.linear_grad(x, weights, biases), slopes, atol=1e-7)


def test_derivative_of_the_cross_entropy() -> None:
    rng = np.random.default_rng(2)
    y, T = rng.uniform(0.1, 0.9, size=(4, 3)), rng.uniform(size=(4, 3))
    assert np.allclose(layers.cross_entropy_grad(y, T), finite_differences(layers.cross_entropy, y, T), atol=1e-6)


def test_a_chain_equals_finite_differences() -> None:
    rng = np.random.default_rng(3)
    x, weights, biases = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=(1, 2))
    middle = layers.linear(x, weights, biases)
    chained = layers.chain([layers.linear_grad(x, weights, biases), layers.softmax_grad(middle)])
    slopes = finite_differences(lambda x: layers.softmax(layers.linear(x, weights, biases)), x)
    assert np.allclose(chained, slopes, atol=1e-7)
    assert not np.allclose(
        layers.chain_mixing_batch([layers.linear_grad(x, weights, biases), layers.softmax_grad(middle)], "b"), slopes
    )


def test_the_first_step_of_adam_is_the_learning_rate() -> None:
    deltas = np.array([[3.0, -0.2]])
    assert np.allclose(layers.adam(deltas, 0.1, 0.9, 0.999), [[-0.1, 0.1]])


def test_momentum_adds_up() -> None:
    deltas = np.array([[1.0], [1.0], [0.0]])
    assert np.allclose(layers.gradient_descent(deltas, 0.1, 0.5), [[-0.1], [-0.15], [-0.075]])


def test_stored_digits_are_400_images_of_ten_classes() -> None:
    images, labels = digits.stored()
    assert images.shape == (400, 64)
    assert (images.min(), images.max()) == (0, 16)
    assert set(labels.tolist()) == set(range(10))


def test_disturbed_digits_differ_from_run_to_run() -> None:
    first, _ = digits.disturbed(np.random.default_rng(1))
    second, _ = digits.disturbed(np.random.default_rng(2))
    assert first.shape == second.shape == (400, 64)
    assert not np.allclose(np.sort(first.sum(axis=1)), np.sort(second.sum(axis=1)))
