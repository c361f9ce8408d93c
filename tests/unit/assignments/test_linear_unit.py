"""The linear unit: whatever the inputs are, right functions pass and each known mistake is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assignments.outcome import Conclusion
from reference.implementations import linear_unit
from reference.misconceptions import Misconception
from tests.support.direct_ask import DirectAsk
from tests.support.package_checks import conclude, package

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
    *, size: int = 0, replace: bool = False, scale: Any = 1.0, fixed: bool = False, once: bool = False
) -> Callable[..., Any]:
    rng = np.random.default_rng(7)

    def mini_batch_descent(X: np.ndarray, y: np.ndarray, eta: float, T: int, m: int) -> np.ndarray:
        w = np.zeros(X.shape[1])
        batch = np.arange(m)
        for step in range(T):
            if not fixed and not (once and step):
                batch = rng.choice(len(X), min(m + size, len(X)), replace=replace)
            w = w - eta * (scale(m) if callable(scale) else scale) * np.sum(
                [linear_unit.grad_loss_i(w, X[i], y[i]) for i in batch], axis=0
            )
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


@pytest.mark.parametrize(
    ("options", "fraction"),
    [
        ({"fixed": True}, 0.4),
        ({"once": True}, 0.8),
        ({"scale": 1 / 3}, 0.4),
        ({"scale": -1.0}, 0.4),
        ({"size": -1}, 0.4),
    ],
)
def test_a_mistake_in_the_batches_counts_once(options: dict[str, Any], fraction: float) -> None:
    by_size = {"scale": lambda m: 1 / m} if options.get("scale") == 1 / 3 else {}
    for seed in range(4):
        names = {"mini_batch_descent": mini_batch(**{**options, **by_size})}
        assert conclude(SLUG, "mini_batch_descent", names, seed=seed).fraction == pytest.approx(fraction)


def test_a_wrong_gradient_does_not_count_again_in_the_batches() -> None:
    code = """
def mini_batch_descent(X, y, eta, T, m):
    w = np.zeros(X.shape[1])
    for t in range(T):
        batch = np.random.choice(len(X), size=m, replace=False)
        w = w - eta * sum(grad_loss_i(w, X[i], y[i]) for i in batch)
    return w
def grad_loss_i(w, x_i, y_i):
    return (y_i - 1 / (1 + np.exp(-w @ x_i))) * x_i"""
    ask = DirectAsk(["import numpy as np", code])
    run = next(check.run for check in package(SLUG).checks if check.spec.key == "mini_batch_descent")
    outcome = run(ask)
    assert outcome.fraction == 1
    assert "another loss in place of your" in outcome.message


def test_points_drawn_with_replacement_do_not_pass() -> None:
    wrong = mini_batch(replace=True)
    assert all(
        conclude(SLUG, "mini_batch_descent", {"mini_batch_descent": wrong}, seed=seed).fraction < 1 for seed in range(5)
    )
