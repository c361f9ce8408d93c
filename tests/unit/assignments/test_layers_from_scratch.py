"""Layers from scratch: right classes pass on any inputs, and each known mistake is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reference.implementations import activations, layers
from reference.misconceptions import Misconception
from tests.support.package_checks import conclude

SLUG = "layers-from-scratch"
LAYERS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "Sigmoid": (activations.sigmoid, layers.sigmoid_grad),
    "ReLU": (activations.relu, layers.relu_grad),
    "Softmax": (layers.softmax, layers.softmax_grad),
    "CrossEntropy": (layers.cross_entropy, layers.cross_entropy_grad),
}
VALUES = {
    "Sigmoid": layers.SIGMOID,
    "ReLU": layers.RELU,
    "Softmax": layers.SOFTMAX,
    "CrossEntropy": layers.CROSS_ENTROPY,
}
SLOPES = {
    "Sigmoid": layers.SIGMOID_GRAD,
    "ReLU": layers.RELU_GRAD,
    "Softmax": layers.SOFTMAX_GRAD,
    "CrossEntropy": layers.CROSS_ENTROPY_GRAD,
}


def layer(function: Callable[..., Any], derivative: Callable[..., Any]) -> type:
    class Layer:
        def __call__(self, *arguments: np.ndarray) -> Any:
            self.arguments = arguments
            return function(*arguments)

        def grad(self, *arguments: np.ndarray) -> Any:
            return derivative(*(arguments or self.arguments))

    return Layer


def optimiser(rule: Callable[..., np.ndarray]) -> type:
    class Optimiser:
        def __init__(self, param: np.ndarray, *settings: float) -> None:
            self.settings = settings
            self.deltas: list[np.ndarray] = []

        def __call__(self, delta: np.ndarray) -> np.ndarray:
            self.deltas.append(delta)
            return np.asarray(rule(np.array(self.deltas), *self.settings)[-1])

    return Optimiser


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", LAYERS)
def test_right_layers_pass(name: str, seed: int) -> None:
    assert conclude(SLUG, name, {name: layer(*LAYERS[name])}, seed=seed).fraction == 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("name", "known"), [(n, k) for n, all_known in VALUES.items() for k in all_known])
def test_wrong_values_are_named(name: str, known: Misconception, seed: int) -> None:
    outcome = conclude(SLUG, name, {name: layer(known.wrong, LAYERS[name][1])}, seed=seed)
    assert (round(outcome.fraction, 6), outcome.diagnosis) == (0.6, known.key)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("name", "known"),
    [(n, k) for n, all_known in SLOPES.items() for k in (*all_known, *layers.layout_mistakes(LAYERS[n][1]))],
)
def test_wrong_derivatives_are_named(name: str, known: Misconception, seed: int) -> None:
    outcome = conclude(SLUG, name, {name: layer(LAYERS[name][0], known.wrong)}, seed=seed)
    if known.key != "axes-exchanged" or outcome.fraction < 1:  # a derivative that is symmetric stays right
        assert (round(outcome.fraction, 6), outcome.diagnosis) == (0.4, known.key)


@pytest.mark.parametrize("rule", [layers.adam, layers.simple_adam])
def test_both_forms_of_adam_pass(rule: Callable[..., np.ndarray]) -> None:
    assert all(conclude(SLUG, "Adam", {"Adam": optimiser(rule)}, seed=seed).fraction == 1 for seed in range(10))


@pytest.mark.parametrize(
    ("name", "known"),
    [("GradientDescent", k) for k in layers.GRADIENT_DESCENT] + [("Adam", k) for k in layers.ADAM],
)
def test_wrong_optimisers_are_named(name: str, known: Misconception) -> None:
    for seed in range(3):
        outcome = conclude(SLUG, name, {name: optimiser(known.wrong)}, seed=seed)
        assert (outcome.fraction, outcome.diagnosis) == (0, known.key)


def test_gradient_descent_passes() -> None:
    right = {"GradientDescent": optimiser(layers.gradient_descent)}
    assert all(conclude(SLUG, "GradientDescent", right, seed=seed).fraction == 1 for seed in range(10))


def test_a_network_that_guesses_earns_nothing() -> None:
    rng = np.random.default_rng(0)
    names = {"layers": [lambda images: rng.normal(size=(len(images), 10))]}
    assert conclude(SLUG, "layers", names).diagnosis == "not-trained"


def quotient(function: Callable[..., Any], step: float = 1e-5) -> Callable[..., Any]:
    """The derivative by the first argument, as the starter's `check_gradient` measures it."""

    def derivative(x: np.ndarray, *others: np.ndarray) -> np.ndarray:
        columns = []
        for i in range(x.shape[1]):
            change = np.zeros(x.shape)
            change[:, i] = step
            columns.append((function(x + change, *others) - function(x - change, *others)) / (2 * step))
        return np.array(columns)

    return derivative


@pytest.mark.parametrize("name", ["Sigmoid", "ReLU", "Softmax"])
def test_derivatives_by_difference_quotients_earn_half(name: str) -> None:
    function = LAYERS[name][0]
    outcome = conclude(SLUG, name, {name: layer(function, quotient(function))})
    assert (outcome.fraction, outcome.diagnosis) == (pytest.approx(0.7), "finite-differences")


def test_a_logarithm_with_a_small_number_in_it_is_taken_for_no_difference_quotient() -> None:
    function, derivative = LAYERS["CrossEntropy"]
    assert conclude(SLUG, "CrossEntropy", {"CrossEntropy": layer(function, derivative)}).fraction == 1
