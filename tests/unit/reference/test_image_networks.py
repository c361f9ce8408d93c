"""The networks in NumPy against what PyTorch gave, and the known mistakes against each other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from reference.comparators.modules import Shape, count
from reference.frozen import frozen
from reference.implementations import image_networks
from reference.implementations.image_networks import convolutional, layer_shapes, perceptron
from reference.misconceptions import Misconception

NETWORKS = {
    "convolution_3": (convolutional, layer_shapes((10, 1, 5, 5), (20, 10, 5, 5), (50, 320), (10, 50))),
    "conv_net": (convolutional, layer_shapes((10, 1, 5, 5), (20, 10, 5, 5), (60, 320), (10, 60))),
    "mlp": (perceptron, layer_shapes((100, 784), (10, 100))),
    "fashion_mlp": (perceptron, layer_shapes((250, 784), (100, 250), (10, 100))),
}


def settled_weight(k: int, shape: Shape) -> np.ndarray:
    scale = 0.5 if len(shape) == 1 else 2 / math.sqrt(math.prod(shape[1:]))
    return np.sin(np.arange(math.prod(shape)) * (k + 1.0)).reshape(shape) * scale


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_and_parameters_are_those_of_pytorch(name: str) -> None:
    network, shapes = NETWORKS[name]
    assert count(shapes) == frozen("image_networks", f"{name}_parameters")
    images = np.cos(np.arange(3 * 784) * 0.7).reshape(3, 1, 28, 28)
    outputs = network(images, [settled_weight(k, shape) for k, shape in enumerate(shapes)])
    assert np.abs(outputs).sum() == pytest.approx(frozen("image_networks", f"{name}_size"), rel=1e-11)
    order = (outputs * np.arange(1, 11)).sum()
    assert order == pytest.approx(frozen("image_networks", f"{name}_order"), rel=1e-10)


@pytest.mark.parametrize(
    ("network", "shapes", "known"),
    [
        (convolutional, NETWORKS["conv_net"][1], image_networks.CONVOLUTIONAL),
        (perceptron, NETWORKS["fashion_mlp"][1], image_networks.PERCEPTRON),
    ],
)
def test_no_known_mistake_gives_the_right_outputs_or_those_of_another(
    network: Callable[..., np.ndarray], shapes: Sequence[Shape], known: Sequence[Misconception]
) -> None:
    rng = np.random.default_rng(3)
    weights, images = image_networks.draw(rng, shapes), rng.normal(size=(4, 1, 28, 28))
    results = [network(images, weights), *(k.wrong(images, weights) for k in known)]
    for a, b in itertools.combinations(results, 2):
        assert np.max(np.abs(a - b)) > 1e-2
