"""Losses, gradients and line search: the printed numbers, and gradients against finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reference.comparators.numbers import Floats
from reference.comparators.steps import StepWanted, compare_step
from reference.frozen import frozen_values
from reference.implementations import fitting, line_search

START = np.array([[0.6], [-0.2]])


def loss_after_steps(steps: int) -> float:
    x, y = fitting.course_line_data()
    phi = np.array([[1.6], [-0.5]])
    for _ in range(steps):
        gradient = fitting.line_gradient(x, y, phi)
        phi = phi - step_length(x, y, phi, gradient) * gradient
    return fitting.compute_loss(x, y, "line", phi)


def step_length(x: Floats, y: Floats, phi: Floats, gradient: Floats) -> float:
    return line_search.along(lambda t: fitting.compute_loss(x, y, "line", phi - t * gradient))


def recomputed() -> dict[str, float]:
    x, y = fitting.course_line_data()
    gradient = fitting.line_gradient(x, y, START).ravel()
    return {
        "loss": fitting.compute_loss(x, y, "line", START),
        "gradient_0": float(gradient[0]),
        "gradient_1": float(gradient[1]),
        "loss_after_10_steps": loss_after_steps(10),
    }


@pytest.mark.parametrize("name", list(frozen_values("training_line")))
def test_every_frozen_value_of_the_line_is_recomputed_and_rounds_to_what_is_printed(name: str) -> None:
    value = frozen_values("training_line")[name]
    assert recomputed()[name] == pytest.approx(value.value, rel=1e-9)
    assert not value.printed or f"{value.value:.3f}" == value.printed


@pytest.mark.parametrize(("model", "gradient"), [("line", fitting.line_gradient), ("gabor", fitting.gabor_gradient)])
def test_gradients_agree_with_finite_differences(model: str, gradient: Callable[..., Floats]) -> None:
    rng = np.random.default_rng(0)
    x, y, phi = rng.normal(size=9) * 3, rng.normal(size=9), rng.normal(size=(2, 1))
    for k in range(2):
        nudge = np.zeros((2, 1))
        nudge[k] = 1e-5
        higher = fitting.compute_loss(x, y, model, phi + nudge)
        lower = fitting.compute_loss(x, y, model, phi - nudge)
        assert gradient(x, y, phi)[k, 0] == pytest.approx((higher - lower) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("minimum", [0.0, 0.02, 0.4, 0.77, 0.99])
def test_the_line_search_finds_minima_near_the_edges_too(minimum: float) -> None:
    valley = line_search.Valley(minimum, 3.0, 0.7, 2.0, 1.5, 0.2)
    assert line_search.search(valley) == pytest.approx(minimum, abs=0.01)
    assert line_search.search(valley, max_iter=40, thresh=1e-6) == pytest.approx(minimum, abs=1e-5)


def step_wanted() -> StepWanted:
    x, y = fitting.course_line_data()
    gradient = fitting.line_gradient(x, y, START)
    end = START - step_length(x, y, START, gradient) * gradient
    return StepWanted(START, gradient, end, lambda phi: fitting.compute_loss(x, y, "line", phi))


@pytest.mark.parametrize("factor", [0.95, 1.0, 1.05])
def test_steps_of_nearly_the_best_length_are_right(factor: float) -> None:
    want = step_wanted()
    assert compare_step(START + factor * (want.end - START), want).equal


@pytest.mark.parametrize("factor", [-1.0, 0.0, 0.5, 2.0, float("nan")])
def test_steps_uphill_none_at_all_too_short_and_too_long_are_wrong(factor: float) -> None:
    want = step_wanted()
    assert not compare_step(START + factor * (want.end - START), want).equal


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_steps_along_the_right_line_are_told_that_their_length_is_wrong(factor: float) -> None:
    want = step_wanted()
    assert compare_step(START + factor * (want.end - START), want).diagnosis == "step-length"


def test_a_step_beside_the_line_is_wrong_even_where_it_lowers_the_loss() -> None:
    want = step_wanted()
    assert not compare_step(want.end + np.array([[1e-3], [-1e-3]]), want).equal
