"""Networks for MNIST: right networks pass on any weights, each known mistake is named, and dropout is seen."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assignments.outcome import Outcome
from reference.implementations import activations, image_networks
from reference.misconceptions import Misconception
from tests.support.numpy_networks import ProbedNetworks, dropped, in_training
from tests.support.packages import check

SLUG = "mnist-networks"
MLP = image_networks.layer_shapes((100, 784), (10, 100))
CONV = image_networks.layer_shapes((10, 1, 5, 5), (20, 10, 5, 5), (60, 320), (10, 60))
NETWORKS = {"Net": (MLP, image_networks.perceptron), "ConvNet": (CONV, image_networks.convolutional)}
MISTAKES = [
    *(("Net", known) for known in image_networks.PERCEPTRON),
    *(("ConvNet", known) for known in image_networks.CONVOLUTIONAL),
]


def outputs(name: str, network: Callable[..., Any], seed: int) -> Outcome:
    probes = {
        f"{name}()": lambda: [list(shape) for shape in NETWORKS[name][0]],
        f"{name}()(images)": lambda images, weights: network(images, weights).astype(np.float32),
    }
    return check(SLUG, name)(ProbedNetworks(probes, (name,), seed))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", NETWORKS)
def test_a_right_network_passes(name: str, seed: int) -> None:
    assert outputs(name, NETWORKS[name][1], seed).fraction == 1


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("name", "known"), MISTAKES, ids=lambda value: getattr(value, "key", value))
def test_each_known_mistake_is_named(name: str, known: Misconception, seed: int) -> None:
    outcome = outputs(name, known.wrong, seed)
    assert outcome.fraction < 1
    assert (outcome.diagnosis, outcome.message) == (known.key, known.sentence)


LASTS = {
    "log softmax": image_networks.log_softmax,
    "softmax": functools.partial(activations.softmax, axis=1),
    "over the images": lambda x: image_networks.log_softmax(x, axis=0),
    "scores": image_networks.same,
}


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("last", LASTS)
@pytest.mark.parametrize(
    ("channels", "units", "fraction", "words"),
    [
        (0.5, 0.5, 1.0, "Correct"),
        (0.5, 0.0, 0.5, "fully connected"),
        (0.0, 0.5, 0.5, "channels"),
        (0.5, 0.2, 0.25, "kept"),
        (0.25, 0.25, 0.25, "kept"),
    ],
)
def test_dropout_is_judged_whatever_softmax_follows(
    channels: float, units: float, fraction: float, words: str, last: str, seed: int
) -> None:
    probes = {
        "ConvNet()": lambda: [list(shape) for shape in CONV],
        "ConvNet()(images) in training mode": in_training(
            dropped((20, 1, 1), channels), dropped((60,), units), LASTS[last]
        ),
    }
    outcome = check(SLUG, "dropout")(ProbedNetworks(probes, ("ConvNet",), seed))
    assert outcome.fraction == fraction
    assert words in outcome.message


def test_a_net_of_the_other_class_earns_nothing() -> None:
    weights = image_networks.draw(np.random.default_rng(0), MLP)

    def answers(images: np.ndarray, ways: list[list[float]]) -> Any:
        outputs = image_networks.perceptron(images, weights)
        return np.array([outputs] * len(ways)), weights, "Net"

    ask = ProbedNetworks({"net(images)": answers}, ("net", "Net", "ConvNet"))
    assert check(SLUG, "trained_net")(ask).diagnosis == "not-trained"
    assert check(SLUG, "trained_convnet")(ask).diagnosis == "other-class"
