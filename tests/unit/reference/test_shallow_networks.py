"""Shallow networks: the printed loss, and the formulas written out once more in another way."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reference.comparators.thresholds import Band, judge_bands
from reference.frozen import frozen_values
from reference.implementations import shallow_networks

START = ([-0.3, 2.0, -1.0, 7.0], [0.3, -1.0, -1.0, 2.0, -0.5, 0.65])


def test_the_printed_starting_loss_is_recomputed() -> None:
    value = frozen_values("shallow_networks")["starting_loss"]
    assert shallow_networks.course_loss(*START) == pytest.approx(value.value, rel=1e-12)
    assert f"{value.value:.3f}" == value.printed


def test_a_fit_near_the_best_known_loss_exists() -> None:
    found = shallow_networks.course_loss([-2.849, 7.317, -8.763, 7.545], [0.382, -0.478, -0.136, 0.395, -0.043, 0.793])
    assert found < frozen_values("shallow_networks")["best_known_loss"].value


def test_two_inputs_by_hand() -> None:
    values = shallow_networks.network(2)([1.0], [2.0], "relu", 0.5, 2.0, 3.0, -1.0, 1, 2, 3, -9, 1, 1, 0, 1, -0.25)
    assert [float(v[0]) for v in values] == pytest.approx([0.5 + 18 - 0.5, 9, -6, 0.5, 9, 0, 0.5, 18, 0, -0.5])


def test_the_sigmoid_is_ten_times_as_steep() -> None:
    assert shallow_networks.sigmoid([0.1]) == pytest.approx([1 / (1 + math.exp(-1))])


@pytest.mark.parametrize(
    ("value", "fraction", "next_below"),
    [(0.1, 1.0, None), (0.5, 0.7, 0.5), (1.49, 0.7, 0.5), (3.0, 0.4, 1.5), (4.0, 0.0, 4.0), (np.nan, 0.0, 4.0)],
)
def test_bands_are_open_above_and_nan_is_in_none(value: float, fraction: float, next_below: float | None) -> None:
    result = judge_bands(value, (Band(1.5, 0.7), Band(0.5, 1.0), Band(4.0, 0.4)))
    assert (result.fraction, result.next_below) == (fraction, next_below)
