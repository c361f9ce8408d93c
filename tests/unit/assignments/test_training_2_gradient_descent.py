"""The checks of training 2 pass what is right and name what is wrong, whatever the inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference.implementations import fitting
from tests.support.direct_ask import DirectAsk
from tests.support.package_runs import (
    assert_named,
    assert_solution_passes,
    assert_starter_runs_and_earns_nothing,
    judge,
    package,
)

SLUG = "training-2-gradient-descent"


def test_the_solution_passes_on_any_inputs() -> None:
    assert_solution_passes(SLUG)


def test_the_starter_runs_and_earns_nothing() -> None:
    assert_starter_runs_and_earns_nothing(SLUG)


def with_passed_model(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """The check passes a function where the reference takes a model's name."""

    def student(data_x: Any, data_y: Any, model: Any, phi: Any) -> Any:
        name = model.__name__
        return wrong(data_x, data_y, name, phi)

    return student


def test_mistakes_in_the_loss_are_named() -> None:
    assert_named(SLUG, "compute_loss", fitting.COMPUTE_LOSS, adapt=with_passed_model)


def test_mistakes_in_the_gradient_are_named() -> None:
    assert_named(SLUG, "compute_gradient", fitting.LINE_GRADIENT)


def test_mistakes_in_the_step_are_named() -> None:
    run = next(check.run for check in package(SLUG).checks if check.spec.key == "gradient_descent_step")
    module = run.__globals__  # type: ignore[attr-defined]
    known = module["step_misconceptions"](module["gradient_of"], module["length"])
    without_model = [m for m in known if m.key != "length-for-step"]
    assert_named(
        SLUG,
        "gradient_descent_step",
        without_model,
        adapt=lambda wrong: lambda phi, data, model: wrong(np.asarray(phi), data),
    )


def test_twelve_points_as_in_the_notebook_are_enough() -> None:
    def loss(data_x: Any, data_y: Any, model: Any, phi: Any) -> Any:
        return sum((model(phi, data_x[i]) - data_y[i]) ** 2 for i in range(12))

    def gradient(data_x: Any, data_y: Any, phi: Any) -> Any:
        return sum(fitting.line_gradient(data_x[[i]], data_y[[i]], phi) for i in range(12))

    for name, function in {"compute_loss": loss, "compute_gradient": gradient}.items():
        ask = DirectAsk([])
        ask.namespace[name] = function
        outcome = judge(SLUG, name, ask, 0)
        assert (outcome.fraction, outcome.diagnosis) == (1.0, "size-fixed"), outcome
        ask.namespace[name] = lambda *arguments, f=function: f(*arguments) * 2
        assert judge(SLUG, name, ask, 0).fraction == 0
