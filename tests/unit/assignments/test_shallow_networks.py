"""The checks of shallow networks pass what is right and name what is wrong, whatever the inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reference.implementations import losses, shallow_networks
from tests.support.direct_ask import DirectAsk
from tests.support.package_runs import (
    assert_named,
    assert_solution_passes,
    assert_starter_runs_and_earns_nothing,
    judge,
)

SLUG = "shallow-networks"
NAMES = [f"phi_{k}" for k in range(4)] + [f"theta_{k}{n}" for k in (1, 2, 3) for n in (0, 1)]


def test_the_solution_passes_on_any_inputs() -> None:
    assert_solution_passes(SLUG)


def test_the_starter_runs_and_earns_nothing() -> None:
    assert_starter_runs_and_earns_nothing(SLUG)


def test_mistakes_in_relu_are_named() -> None:
    assert_named(SLUG, "ReLU", shallow_networks.RELU)


def test_an_activation_that_is_wrong_on_one_side_is_told_on_which() -> None:
    ask = DirectAsk([])
    ask.namespace["ReLU"] = lambda z: np.where(z > 0, np.tanh(z), 0.0)
    outcome = judge(SLUG, "ReLU", ask, 0)
    assert outcome.fraction == 0
    assert "is right where the preactivation is below about" in outcome.message


def test_mistakes_in_the_sigmoid_are_named() -> None:
    assert_named(SLUG, "sigmoid", shallow_networks.SIGMOID)


def test_mistakes_in_the_loss_are_named() -> None:
    assert_named(SLUG, "least_squares_loss", losses.SUM_OF_SQUARES)


@pytest.mark.parametrize(("function", "inputs"), [("shallow_1_1_3", 1), ("shallow_2_1_3", 2)])
def test_mistakes_in_the_networks_are_named(function: str, inputs: int) -> None:
    def with_passed_activation(wrong: Callable[..., Any]) -> Callable[..., Any]:
        def student(*arguments: Any) -> Any:
            return tuple(wrong(*(a.__name__ if callable(a) else a for a in arguments)))

        return student

    # Weighted preactivations that are used for the output alone look like a missing activation.
    also = {"preactivations-weighted": "activation-missing"}
    assert_named(SLUG, function, shallow_networks.misconceptions(inputs), adapt=with_passed_activation, also=also)


@pytest.mark.parametrize(
    ("phi", "fraction", "diagnosis"),
    [
        ([-0.3, 2.0, -1.0, 7.0], 0.0, "fit-not-better"),
        ([0.3, -1.0, -1.0, 3.0], 0.4, "fit-not-close"),
        ([0.2, -1.0, -0.5, 2.0], 0.7, "fit-not-close"),
        ([float("nan"), 0.0, 0.0, 0.0], 0.0, "not-a-scalar"),
    ],
)
def test_fits_earn_by_their_loss(phi: list[float], fraction: float, diagnosis: str) -> None:
    ask = DirectAsk([])
    ask.namespace.update(zip(NAMES, [*phi, 0.3, -1.0, -1.0, 2.0, -0.5, 0.65], strict=True))
    outcome = judge(SLUG, "parameters", ask, 0)
    assert (outcome.fraction, outcome.diagnosis) == (fraction, diagnosis)


def test_a_loss_of_twenty_points_as_in_the_notebook_is_enough() -> None:
    ask = DirectAsk([])
    ask.namespace["least_squares_loss"] = lambda y, predicted: sum((y[i] - predicted[i]) ** 2 for i in range(20))
    outcome = judge(SLUG, "least_squares_loss", ask, 0)
    assert (outcome.fraction, outcome.diagnosis) == (1.0, "size-fixed"), outcome
    ask.namespace["least_squares_loss"] = lambda y, predicted: sum((y[i] - predicted[i]) ** 2 for i in range(19))
    assert judge(SLUG, "least_squares_loss", ask, 0).fraction == 0
