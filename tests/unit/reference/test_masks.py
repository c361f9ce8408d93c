"""Masks of dropout, read from drawn ones."""

from __future__ import annotations

import numpy as np
import pytest

from reference.comparators.masks import agree, kept_as_asked, read_masks


def drawn(rng: np.random.Generator, channels: float, units: float) -> np.ndarray:
    """(400, 8): what is kept of four channels, each seen through two units."""
    of_channels = rng.random((400, 4)) < channels
    of_units = rng.random((400, 8)) < units
    return np.tile(of_channels, 2) * of_units / (channels * units)


@pytest.mark.parametrize(("channels", "units"), [(0.5, 1.0), (0.5, 0.5), (0.75, 1.0), (1.0, 0.75)])
def test_right_masks_are_right_in_a_thousand_draws(channels: float, units: float) -> None:
    rng = np.random.default_rng(0)
    for _ in range(1000):
        masks = read_masks(drawn(rng, channels, units))
        assert kept_as_asked(masks, channels * units)
        assert agree(masks.others_agree, channels * units)


def test_other_rates_levels_and_shared_masks_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        assert not kept_as_asked(read_masks(drawn(rng, 0.6, 1.0)), 0.5)
        assert not kept_as_asked(read_masks(drawn(rng, 0.5, 1.0) / 2), 0.5)
        one = np.repeat(rng.random((400, 1)) < 0.5, 8, axis=1) * 2.0
        assert kept_as_asked(read_masks(one), 0.5)
        assert not agree(read_masks(one).others_agree, 0.5)
    assert read_masks(np.zeros((400, 8))).level is None
