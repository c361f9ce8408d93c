"""The checks of training 2 pass what is right and name what is wrong, whatever the inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference.implementations import fitting
from tests.support.package_runs import (
    assert_named,
    assert_solution_passes,
    assert_starter_runs_and_earns_nothing,
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
