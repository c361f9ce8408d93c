"""The linear unit: whatever the inputs are, right functions pass and each known mistake is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assignments.outcome import Conclusion
from reference.implementations import linear_unit
from reference.misconceptions import Misconception
from tests.support.package_checks import conclude

SLUG = "linear-unit"
RIGHT = {
    "loss_i": linear_unit.loss_i,
    "grad_loss_i": linear_unit.grad_loss_i,
    "gradient_descent": linear_unit.gradient_descent,
    "linear_regression_descent": linear_unit.linear_regression_descent,
}
KNOWN = (
    [("loss_i", known) for known in linear_unit.LOSS_I]
    + [("grad_loss_i", known) for known in linear_unit.GRAD_LOSS_I]
    + [("gradient_descent", known) for known in linear_unit.descent_mistakes()]
    + [("linear_regression_descent", known) for known in linear_unit.LINEAR_REGRESSION]
)


def mini_batch(
    *, size: int = 0, replace: bool = False, scale: float = 1.0, fixed: bool = False, once: bool = False
) -> Callable[..., Any]:
    rng = np.random.default_rng(7)

    def mini_batch_descent(X: np.ndarray, y: np.ndarray, eta: float, T: int, m: int) -> np.ndarray:
        w = np.zeros(X.shape[1])
        batch = np.arange(m)
        for step in range(T):
            if not fixed and not (once and step):
                batch = rng.choice(len(X), min(m + size, len(X)), replace=replace)
            w = w - eta * scale * np.sum([linear_unit.grad_loss_i(w, X[i], y[i]) for i in batch], axis=0)
        return w

    return mini_batch_descent


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("key", RIGHT)
def test_right_functions_pass(key: str, seed: int) -> None:
    assert conclude(SLUG, key, {**RIGHT}, seed=seed).fraction == 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("key", "known"), KNOWN, ids=lambda value: getattr(value, "key", value))
def test_known_mistakes_are_named(key: str, known: Misconception, seed: int) -> None:
    outcome = conclude(SLUG, key, {**RIGHT, key: known.wrong}, seed=seed)
    assert outcome.conclusion is not Conclusion.PASSED
    assert outcome.diagnosis == known.key


@pytest.mark.parametrize("seed", range(10))
def test_random_batches_pass(seed: int) -> None:
    assert conclude(SLUG, "mini_batch_descent", {"mini_batch_descent": mini_batch()}, seed=seed).fraction == 1


@pytest.mark.parametrize(
    ("options", "diagnosis"),
    [
        ({"fixed": True}, "batch-not-random"),
        ({"once": True}, "batch-drawn-once"),
        ({"scale": 1 / 3}, "mean-for-sum"),
        ({"scale": -1.0}, "uphill"),
        ({"size": -1}, "batch-size"),
    ],
)
def test_wrong_batches_are_named(options: dict[str, Any], diagnosis: str) -> None:
    outcome = conclude(SLUG, "mini_batch_descent", {"mini_batch_descent": mini_batch(**options)})
    assert outcome.fraction < 1
    assert outcome.diagnosis == diagnosis


def test_points_drawn_with_replacement_do_not_pass() -> None:
    wrong = mini_batch(replace=True)
    assert all(
        conclude(SLUG, "mini_batch_descent", {"mini_batch_descent": wrong}, seed=seed).fraction < 1 for seed in range(5)
    )
