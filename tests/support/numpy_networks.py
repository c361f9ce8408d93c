"""An `Ask` whose probes of PyTorch networks are answered by NumPy functions: the service's own Python has no PyTorch.

What a check sends and what it concludes is tested with it, many times and fast; the probes themselves are tested by the
cases, in real kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from assignments.asking import Call, Got, Reply
from reference.implementations import activations, image_networks
from tests.support.direct_ask import DirectAsk, plain


class ProbedNetworks(DirectAsk):
    """`probes` maps what a probe is called by to what it answers; `names` are those that the notebook has."""

    def __init__(self, probes: Mapping[str, Callable[..., Any]], names: tuple[str, ...], seed: int = 0) -> None:
        super().__init__([], seed=seed)
        self.probes = dict(probes)
        self.namespace.update(dict.fromkeys(names, object))

    def _call(self, call: Call) -> Reply:
        return Got(plain(self.probes[call.function](*call.arguments)))


Drawn = Callable[[np.random.Generator, int], Any]


def as_it_is(rng: np.random.Generator, copies: int) -> float:
    """Nothing is dropped."""
    return 1.0


def dropped(shape: tuple[int, ...], share: float) -> Drawn:
    """A mask of this shape for each copy: a share of it is dropped, and the rest is scaled up."""
    return lambda rng, copies: (rng.random((copies, *shape)) >= share) / (1 - share)


def in_training(
    channels: Drawn, units: Drawn = as_it_is, last: Callable[[Any], Any] = image_networks.log_softmax
) -> Callable[..., Any]:
    """What a convolutional network gives for copies of one picture in training mode: channels (20, 8, 8) and hidden
    units are multiplied by what the two functions draw."""

    def run(picture: np.ndarray, copies: int, weights: list[np.ndarray]) -> np.ndarray:
        rng = np.random.default_rng(int(abs(picture.sum()) * 1e4))
        pooled = np.broadcast_to(weights[3][:, None, None], (copies, 20, 8, 8)) * channels(rng, copies)
        flat = activations.relu(image_networks.pool(pooled)).reshape(copies, -1)
        hidden = activations.relu(flat @ weights[4].T + weights[5])
        hidden = hidden * units(rng, copies)
        return np.asarray(last(hidden @ weights[6].T + weights[7]), dtype=np.float32)

    return run
