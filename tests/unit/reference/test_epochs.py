"""The reference pass over batches against finite differences of its own loss."""

from __future__ import annotations

import numpy as np
import pytest

from reference.implementations import epochs


def data(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(3, 4)), rng.normal(size=3), rng.normal(size=(7, 4)), rng.integers(0, 3, size=7)


def test_one_step_follows_the_slope_of_the_loss() -> None:
    weight, bias, x, y = data()
    rate = 1e-3
    _, _, after, offset = epochs.train(weight, bias, x, y, 7, rate)
    for place in np.ndindex(*weight.shape):
        moved = weight.copy()
        moved[place] += 1e-6
        up = epochs.evaluate(moved, bias, x, y, 7, scale=epochs.TRAINING_SCALE)[0]
        moved[place] -= 2e-6
        slope = (up - epochs.evaluate(moved, bias, x, y, 7, scale=epochs.TRAINING_SCALE)[0]) / 2e-6
        assert (weight - after)[place] / rate == pytest.approx(float(slope), abs=1e-6)
    assert not np.allclose(offset, bias)


def test_every_batch_counts_the_same() -> None:
    weight, bias, x, y = data(1)
    parts = [epochs.evaluate(weight, bias, x[rows], y[rows], 5) for rows in (slice(0, 5), slice(5, 7))]
    loss, share = epochs.evaluate(weight, bias, x, y, 5)
    assert loss == pytest.approx(float(parts[0][0] + parts[1][0]) / 2)
    assert share == pytest.approx(float(parts[0][1] + parts[1][1]) / 2)


def test_the_arguments_stay_as_they_are() -> None:
    weight, bias, x, y = data(2)
    before = weight.copy()
    epochs.train(weight, bias, x, y, 2, 1.0)
    assert np.array_equal(weight, before)
