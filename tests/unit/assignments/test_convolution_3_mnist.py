"""Convolution 3: a right network passes on any weights, and each known mistake is named."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assignments.outcome import Outcome
from reference.implementations import image_networks, withheld_images
from reference.misconceptions import Misconception
from tests.support.numpy_networks import ProbedNetworks, as_it_is, dropped, in_training
from tests.support.packages import check

SLUG = "convolution-3-mnist"
SHAPES = image_networks.layer_shapes((10, 1, 5, 5), (20, 10, 5, 5), (50, 320), (10, 50))
FULL = {"no-log-softmax": 0.6, "softmax-for-log-softmax": 0.6, "relu-missing": 0.5}


def outputs(network: Callable[..., Any], seed: int, shapes: Any = SHAPES) -> Outcome:
    probes = {
        "Net()": lambda: [list(shape) for shape in shapes],
        "Net()(images)": lambda images, weights: network(images, weights).astype(np.float32),
    }
    return check(SLUG, "forward")(ProbedNetworks(probes, ("Net",), seed))


@pytest.mark.parametrize("seed", range(20))
def test_the_right_network_passes(seed: int) -> None:
    assert outputs(image_networks.convolutional, seed).fraction == 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("known", image_networks.CONVOLUTIONAL, ids=lambda known: known.key)
def test_each_known_mistake_is_named(known: Misconception, seed: int) -> None:
    outcome = outputs(known.wrong, seed)
    assert (outcome.diagnosis, outcome.message) == (known.key, known.sentence)
    assert outcome.fraction == FULL.get(known.key, 0.0)


def test_dropout_that_stays_on_is_named() -> None:
    rng = np.random.default_rng(0)

    def noisy(images: np.ndarray, weights: Any) -> np.ndarray:
        return image_networks.convolutional(images * rng.uniform(0.5, 2, size=(len(images), 1, 1, 1)), weights)

    outcome = outputs(noisy, 0)
    assert (outcome.fraction, outcome.diagnosis) == (0, "dropout-in-evaluation")


def test_other_layers_are_named_with_their_parameters() -> None:
    outcome = outputs(image_networks.convolutional, 0, image_networks.layer_shapes((10, 1, 3, 3), (10, 50)))
    assert (outcome.fraction, outcome.diagnosis) == (0, "layer-sizes")
    assert "(10, 1, 5, 5)" in outcome.message
    assert "21,840" in outcome.message


DROPOUTS = {
    "right": (dropped((20, 1, 1), 0.5), as_it_is, 1.0, None),
    "none": (as_it_is, as_it_is, 0.0, "no-dropout"),
    "single values": (dropped((20, 8, 8), 0.5), as_it_is, 0.0, "element-dropout"),
    "another rate": (dropped((20, 1, 1), 0.25), as_it_is, 0.25, "other-rate"),
    "twice": (dropped((20, 1, 1), 0.5), dropped((50,), 0.5), 0.5, "second-dropout"),
    "whole images": (dropped((1, 1, 1), 0.5), as_it_is, 0.0, "shared-mask"),
    "never rescaled": (lambda rng, copies: (rng.random((copies, 20, 1, 1)) < 0.5) * 1.0, as_it_is, 0.0, "not-rescaled"),
    "units, not channels": (as_it_is, dropped((50,), 0.5), 0.0, "shared-mask"),
}


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("kind", DROPOUTS)
def test_dropout_is_judged_by_its_masks(kind: str, seed: int) -> None:
    channels, units, fraction, diagnosis = DROPOUTS[kind]
    probes = {
        "Net()": lambda: [list(shape) for shape in SHAPES],
        "Net()(images) in training mode": in_training(channels, units),
    }
    outcome = check(SLUG, "dropout")(ProbedNetworks(probes, ("Net",), seed))
    assert (outcome.fraction, outcome.diagnosis) == (fraction, diagnosis)


@functools.cache
def fitted() -> tuple[np.ndarray, ...]:
    """Drawn weights, with a last layer that least squares fitted to the withheld digits themselves."""
    known = withheld_images.stand_ins(20)
    images = (known.images[:, None] - 0.1307) / 0.3081
    weights = image_networks.draw(np.random.default_rng(0), SHAPES)
    inner = [*weights[:6], np.eye(50), np.zeros(50)]
    hidden = image_networks.convolutional(images, inner, last=image_networks.same)
    features = np.column_stack([hidden, np.ones(len(hidden))])
    solved = np.linalg.lstsq(features, np.eye(10)[known.labels], rcond=None)[0]
    return (*weights[:6], 10 * solved[:50].T, 10 * solved[50])


def model(network: Callable[..., Any], weights: Any, seed: int) -> Outcome:
    def answers(images: np.ndarray, ways: list[list[float]]) -> Any:
        few = [network((images - mean) / std, weights) for mean, std in ways[:1]]  # slow in NumPy
        outputs = few + [np.zeros_like(few[0])] * (len(ways) - 1)
        return np.array(outputs, dtype=np.float32), [w.astype(np.float32) for w in weights], "Net"

    return check(SLUG, "model")(ProbedNetworks({"model(images)": answers}, ("model", "Net"), seed))


@pytest.mark.parametrize("seed", range(2))
def test_a_trained_network_passes_and_an_untrained_one_does_not(seed: int) -> None:
    good = model(image_networks.convolutional, fitted(), seed)
    assert good.fraction >= 0.5
    assert good.diagnosis in {None, "barely-trained"}
    untrained = image_networks.draw(np.random.default_rng(seed), SHAPES)
    assert model(image_networks.convolutional, untrained, seed).diagnosis == "not-trained"


@pytest.mark.parametrize("seed", range(1))
def test_a_network_with_a_known_mistake_keeps_the_points_of_its_training(seed: int) -> None:
    scores = functools.partial(image_networks.convolutional, last=image_networks.same)
    same = model(image_networks.convolutional, fitted(), seed)
    assert model(scores, fitted(), seed).fraction == same.fraction


def test_answers_that_do_not_come_from_the_layers_earn_half_at_most() -> None:
    known = withheld_images.stand_ins(20)

    def table(images: np.ndarray, weights: Any) -> np.ndarray:
        pixels = images.reshape(len(images), -1)
        table = known.images.reshape(400, -1)
        distance = (pixels**2).sum(1)[:, None] - 2 * pixels @ table.T + (table**2).sum(1)
        return np.eye(10)[known.labels[distance.argmin(axis=1)]]

    outcome = model(table, fitted(), 0)
    assert outcome.diagnosis == "other-network"
    assert outcome.fraction <= 0.5
    assert model(lambda images, weights: np.full((len(images), 10), np.nan), fitted(), 0).diagnosis == "nan"
