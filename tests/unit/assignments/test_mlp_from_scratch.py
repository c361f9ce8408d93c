"""A perceptron from scratch: a right class passes on any inputs, and each known mistake is named."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reference.implementations import mlp
from reference.misconceptions import Misconception
from tests.support.package_checks import conclude

SLUG = "mlp-from-scratch"
CHECKS = ("predict", "backpropagation", "train", "bias_option", "activation_option")


def perceptron(
    predict: Callable[..., Any] = mlp.predict,
    backpropagation: Callable[..., Any] = mlp.backpropagation,
    train: Callable[..., Any] | None = None,
) -> dict[str, Any]:
    class Mlp:
        def __init__(self, size_layers: list[int], **options: Any) -> None:
            self.options = options
            self.weights = [np.zeros((b, a + 1)) for a, b in itertools.pairwise(size_layers)]

        def predict(self, X: np.ndarray) -> Any:
            return predict(self.weights, X, **self.options)

        def backpropagation(self, X: np.ndarray, Y: np.ndarray) -> Any:
            return backpropagation(self.weights, X, Y, **self.options)

        def train(self, X: np.ndarray, Y: np.ndarray, iterations: int = 100) -> None:
            if train is not None:
                self.weights = train(self.weights, X, Y, iterations)
                return
            for _ in range(iterations):
                self.weights = [w - g for w, g in zip(self.weights, self.backpropagation(X, Y), strict=True)]

    return {"Mlp": Mlp}


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("key", CHECKS)
def test_a_right_class_passes(key: str, seed: int) -> None:
    assert conclude(SLUG, key, perceptron(), seed=seed).fraction == 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("known", mlp.PREDICT, ids=lambda known: known.key)
def test_wrong_predictions_are_named(known: Misconception, seed: int) -> None:
    outcome = conclude(SLUG, "predict", perceptron(predict=known.wrong), seed=seed)
    assert outcome.fraction == 0
    assert outcome.diagnosis in {known.key, "activation-missing-at-output"}  # the same without a hidden layer


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("known", mlp.BACKPROPAGATION, ids=lambda known: known.key)
def test_wrong_gradients_are_named(known: Misconception, seed: int) -> None:
    outcome = conclude(SLUG, "backpropagation", perceptron(backpropagation=known.wrong), seed=seed)
    assert (outcome.fraction, outcome.diagnosis) == (0, known.key)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("known", mlp.train_mistakes(), ids=lambda known: known.key)
def test_wrong_training_is_named(known: Misconception, seed: int) -> None:
    outcome = conclude(SLUG, "train", perceptron(train=known.wrong), seed=seed)
    assert (outcome.fraction, outcome.diagnosis) == (0, known.key)


def test_a_wrong_gradient_does_not_count_twice() -> None:
    wrong = perceptron(backpropagation=lambda *a, **k: [3 * g for g in mlp.backpropagation(*a, **k)])
    outcome = conclude(SLUG, "train", wrong)
    assert outcome.fraction == 1
    assert "another gradient" in outcome.message


def by_differences(weights: list[np.ndarray], X: np.ndarray, Y: np.ndarray, **options: Any) -> list[np.ndarray]:
    """The gradient from changes of the loss, as the self-check of the starter measures one entry."""

    def loss() -> float:
        p = mlp.predict(weights, X, **options)
        return float(-np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p)) / len(X))

    gradients = []
    for w in weights:
        gradient = np.zeros_like(w)
        for place in np.ndindex(w.shape):
            before = w[place]
            w[place] = before + 1e-5
            above = loss()
            w[place] = before - 1e-5
            gradient[place] = (above - loss()) / 2e-5
            w[place] = before
        gradients.append(gradient)
    return gradients


@pytest.mark.parametrize("key", ["backpropagation", "bias_option"])
def test_gradients_from_changes_of_the_loss_earn_half(key: str) -> None:
    outcome = conclude(SLUG, key, perceptron(backpropagation=by_differences))
    assert (outcome.fraction, outcome.diagnosis) == (0.5 if key == "backpropagation" else 0.75, "finite-differences")
