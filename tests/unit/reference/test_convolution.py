"""The convolution against loops written out, and the frozen sums."""

from __future__ import annotations

import numpy as np
import pytest

from reference.frozen import frozen
from reference.implementations import convolution
from reference.misconceptions import Misconception

EXAMPLES = {
    "example_1_sum": ((1, 1, 4, 6), (1, 1, 3, 3), 1),
    "example_2_sum": ((1, 1, 12, 10), (1, 1, 3, 3), 2),
    "example_3_sum": ((1, 5, 4, 6), (2, 5, 3, 3), 1),
    "example_4_sum": ((2, 5, 4, 6), (2, 5, 3, 3), 1),
}


def by_loops(image: np.ndarray, weights: np.ndarray, stride: int, pad: int) -> np.ndarray:
    padded = np.pad(image, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    outputs, _, height, width = weights.shape
    rows = (padded.shape[2] - height) // stride + 1
    columns = (padded.shape[3] - width) // stride + 1
    out = np.zeros((image.shape[0], outputs, rows, columns))
    for b, o, y, x in np.ndindex(*out.shape):
        window = padded[b, :, stride * y : stride * y + height, stride * x : stride * x + width]
        out[b, o, y, x] = np.sum(window * weights[o])
    return out


@pytest.mark.parametrize(("stride", "pad"), [(1, 0), (1, 1), (2, 1), (3, 2)])
def test_convolution_equals_loops(stride: int, pad: int) -> None:
    rng = np.random.default_rng(stride * 10 + pad)
    image, weights = rng.normal(size=(2, 3, 8, 7)), rng.normal(size=(4, 3, 3, 2))
    assert np.allclose(convolution.convolve(image, weights, stride, pad), by_loops(image, weights, stride, pad))


@pytest.mark.parametrize("name", EXAMPLES)
def test_frozen_sums_are_regenerated(name: str) -> None:
    image_shape, weights_shape, stride = EXAMPLES[name]
    legacy = np.random.RandomState(1)
    image, weights = legacy.normal(size=image_shape), legacy.normal(size=weights_shape)
    total = float(convolution.convolve(image, weights, stride, 1).sum())
    assert total == pytest.approx(frozen("convolution", name), rel=1e-12)


@pytest.mark.parametrize(
    "known",
    [*convolution.COMMON, *convolution.CHANNELS, *convolution.BATCH],
    ids=lambda known: known.key,
)
def test_every_misconception_differs_from_the_right_result(known: Misconception) -> None:
    rng = np.random.default_rng(5)
    image, weights = rng.normal(size=(3, 3, 8, 7)), rng.normal(size=(4, 3, 3, 3))
    right, wrong = convolution.convolve(image, weights, 2, 1), known.wrong(image, weights, 2, 1)
    assert wrong.shape != right.shape or not np.allclose(wrong, right)
