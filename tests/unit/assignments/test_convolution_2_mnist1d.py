"""Convolution 2: the network's structure is judged by the shapes of its weights and by what it computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from assignments.vocabulary.trained_models import Answered
from reference.implementations import torch_layers
from reference.implementations.torch_layers import Layer
from tests.support.packages import check

SLUG = "convolution-2-mnist1d"
RNG = np.random.default_rng(0)
judge_layers: Callable[..., Any] = check(SLUG, "model").__globals__["judge_layers"]
asked: Callable[..., Any] = check(SLUG, "model").__globals__["asked"]


def layer(name: str, *shape: int) -> Layer:
    return Layer(name, {"weight": RNG.normal(size=shape), "bias": RNG.normal(size=shape[0])}, {"stride": 2.0})


def convolutions(last: int = 15) -> tuple[Layer, ...]:
    first, second = layer("Conv1d", 15, 1, 3), layer("Conv1d", 15, 15, 3)
    return first, second, layer("Conv1d", last, 15, 3), layer("Linear", 10, 4 * last)


def answered(holding: tuple[Layer, ...], computes: tuple[Layer, ...]) -> Answered:
    x = RNG.normal(size=(30, 40))
    return Answered(x, torch_layers.run(computes, x[:, None, :]), "Sequential", holding, 30.0, 31.0)


def test_the_network_that_is_asked_passes() -> None:
    holding = convolutions()
    assert judge_layers(answered(holding, asked(holding))).fraction == 1


def test_another_width_is_named() -> None:
    holding = convolutions(last=12)
    outcome = judge_layers(answered(holding, asked(holding)))
    assert (outcome.fraction, outcome.diagnosis) == (0, "wrong-channels")
    assert "12 output channels" in outcome.message


def test_a_layer_too_many_is_named() -> None:
    holding = convolutions()
    outcome = judge_layers(answered((*holding, layer("Linear", 10, 10)), asked(holding)))
    assert (outcome.fraction, outcome.diagnosis) == (0, "extra-layer")


def test_the_right_sizes_without_activations_earn_a_part() -> None:
    holding = convolutions()
    linear = tuple(part for part in asked(holding) if part.name != "ReLU")
    outcome = judge_layers(answered(holding, linear))
    assert (outcome.fraction, outcome.diagnosis) == (0.4, "activation-missing")
