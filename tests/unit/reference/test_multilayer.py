"""The network's gradients against finite differences, and the frozen values."""

from __future__ import annotations

import numpy as np
import pytest

from reference.frozen import frozen
from reference.implementations import multilayer


def network(widths: list[int], seed: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    pairs = list(zip(widths[1:], widths[:-1], strict=True))
    return [rng.normal(size=pair) for pair in pairs], [rng.normal(size=(out, 1)) for out, _ in pairs]


def test_gradient_of_the_loss_equals_finite_differences() -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(3, 4)), np.eye(3)[:, [0, 2, 1, 1]]
    gradient = multilayer.lossG(z, y)
    for place in np.ndindex(3, 4):
        step = np.zeros((3, 4))
        step[place] = 1e-6
        slope = (multilayer.lossF(z + step, y) - multilayer.lossF(z - step, y)) / 2e-6
        assert gradient[place] == pytest.approx(slope, abs=1e-8)


def test_backward_pass_equals_finite_differences() -> None:
    A, b = network([2, 4, 5, 3], 1)
    x, y = multilayer.spirals(np.random.default_rng(2), 5)
    gA, gb = multilayer.BackwardNN(A, b, multilayer.ForwardNN(A, b, x, 3), 3, y)

    def loss() -> float:
        return float(multilayer.mean_loss(A, b, x, y) * x.shape[1])

    for layers, gradients in ((A, gA), (b, gb)):
        for layer, gradient in zip(layers, gradients, strict=True):
            for place in np.ndindex(*layer.shape):
                layer[place] += 1e-6
                above = loss()
                layer[place] -= 2e-6
                slope = (above - loss()) / 2e-6
                layer[place] += 1e-6
                assert gradient[place] == pytest.approx(slope, abs=1e-6)


def test_frozen_guess_is_regenerated() -> None:
    x, y = multilayer.spirals(np.random.default_rng(0), 100)
    guess = multilayer.lossF(np.zeros((3, 300)), y) / 300
    assert guess == pytest.approx(frozen("multilayer", "guessing"), rel=1e-12)
    assert x.shape == (2, 300)


@pytest.mark.parametrize(
    ("key", "sentence", "wrong"),
    multilayer.backward_mistakes(),
    ids=lambda v: v if isinstance(v, str) and " " not in v else "",
)
def test_every_backward_mistake_differs(key: str, sentence: str, wrong: object) -> None:
    A, b = network([2, 4, 3], 3)
    x, y = multilayer.spirals(np.random.default_rng(2), 5)
    X = multilayer.ForwardNN(A, b, x, 2)
    right = multilayer.BackwardNN(A, b, X, 2, y)
    got = wrong(A, b, X, 2, y)  # type: ignore[operator]
    same = [
        u.shape == v.shape and np.allclose(u, v)
        for one, other in zip(right, got, strict=True)
        for u, v in zip(one, other, strict=True)
    ]
    assert not all(same)
