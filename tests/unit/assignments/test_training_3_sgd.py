"""The checks of training 3 pass what is right and name what is wrong, whatever the inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference.implementations import fitting
from tests.support.direct_ask import DirectAsk
from tests.support.package_runs import (
    RUNS,
    assert_named,
    assert_solution_passes,
    assert_starter_runs_and_earns_nothing,
    judge,
    package,
)

SLUG = "training-3-sgd"
FIXED = "gradient_descent_step_fixed_learning_rate"
STOCHASTIC = "stochastic_gradient_descent_step"


def test_the_solution_passes_on_any_inputs() -> None:
    assert_solution_passes(SLUG)


def test_the_starter_runs_and_earns_nothing() -> None:
    assert_starter_runs_and_earns_nothing(SLUG)


def test_mistakes_in_the_loss_are_named() -> None:
    def with_passed_model(wrong: Callable[..., Any]) -> Callable[..., Any]:
        return lambda data_x, data_y, model, phi: wrong(data_x, data_y, model.__name__, phi)

    assert_named(SLUG, "compute_loss", fitting.COMPUTE_LOSS, adapt=with_passed_model)


def test_mistakes_in_the_fixed_step_are_named() -> None:
    run = next(check.run for check in package(SLUG).checks if check.spec.key == FIXED)
    known = run.__globals__["fixed_misconceptions"](fitting.gabor_gradients)  # type: ignore[attr-defined]
    assert_named(SLUG, FIXED, known, adapt=lambda wrong: lambda phi, data, model, alpha: wrong(phi, data, alpha))


def test_a_learning_rate_of_their_own_is_told_by_the_right_name() -> None:
    ask = DirectAsk([])
    ask.namespace[FIXED] = lambda phi, data, model, alpha: phi - 0.2 * fitting.gabor_gradient(data[0], data[1], phi)
    outcome = judge(SLUG, FIXED, ask, 0)
    assert outcome.diagnosis == "argument-ignored"
    assert "`alpha`" in outcome.message


def test_a_step_that_is_not_random_or_not_on_a_batch_earns_what_is_said() -> None:
    def stepping(draw: Callable[[int, int], Any]) -> Callable[..., Any]:
        def student(phi: Any, data: Any, model: Any, alpha: float, batch_size: int) -> Any:
            chosen = draw(data.shape[1], batch_size)
            return phi - alpha * fitting.gabor_gradient(data[0, chosen], data[1, chosen], phi)

        return student

    rng = np.random.default_rng(0)
    ways = {
        "first-points": (0.4, lambda n, size: np.arange(size)),
        "always-same-batch": (0.4, lambda n, size: np.arange(n)[::-2][:size]),
        "whole-data-set": (0.0, lambda n, size: np.arange(n)),
        "points-never-drawn": (0.0, lambda n, size: rng.permutation(n - 1)[:size]),
        "batch-size-ignored": (0.0, lambda n, size: rng.permutation(n)[:4]),
        None: (1.0, lambda n, size: rng.permutation(n)[:size]),
    }
    ask = DirectAsk([])
    for key, (fraction, draw) in ways.items():
        ask.namespace[STOCHASTIC] = stepping(draw)
        for seed in range(RUNS):
            outcome = judge(SLUG, STOCHASTIC, ask, seed)
            assert (outcome.fraction, outcome.diagnosis) == (fraction, key), (seed, outcome)


def test_thirty_points_as_in_the_notebook_are_enough() -> None:
    def loss(data_x: Any, data_y: Any, model: Any, phi: Any) -> Any:
        return sum((model(phi, data_x[i]) - data_y[i]) ** 2 for i in range(30))

    def thirty(phi: Any, data: Any) -> Any:
        return sum(fitting.gabor_gradient(data[0, [i]], data[1, [i]], phi) for i in range(30))

    rng = np.random.default_rng(0)

    def stochastic(length: float, size: int) -> Callable[..., Any]:
        def step(phi: Any, data: Any, model: Any, alpha: float, batch_size: int) -> Any:
            chosen = rng.permutation(30)[: size or batch_size]
            return phi - (length or alpha) * fitting.gabor_gradient(data[0, chosen], data[1, chosen], phi)

        return step

    right = {
        "compute_loss": loss,
        FIXED: lambda phi, data, model, alpha: phi - alpha * thirty(phi, data),
        STOCHASTIC: stochastic(0.0, 0),
    }
    for name, function in right.items():
        outcome = judge(SLUG, name, holding(name, function), 0)
        assert (outcome.fraction, outcome.diagnosis) == (1.0, "size-fixed"), outcome
        assert "exactly 30" in outcome.message
    own = {
        FIXED: lambda phi, data, model, alpha: phi - 0.2 * thirty(phi, data),
        STOCHASTIC: stochastic(0.8, 0),
    }
    for name, function in [*own.items(), (STOCHASTIC, stochastic(0.0, 3))]:
        assert judge(SLUG, name, holding(name, function), 0).fraction == 0


def holding(name: str, function: Callable[..., Any]) -> DirectAsk:
    ask = DirectAsk([])
    ask.namespace[name] = function
    return ask
