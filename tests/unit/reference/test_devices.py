"""What was computed on a GPU may be off by what GPUs were measured to be off by, and by no more."""

from __future__ import annotations

import numpy as np
import pytest

from reference.comparators import devices
from reference.comparators.arrays import Tolerance, compare_array
from reference.frozen import frozen_values

WANT = np.array([1000.0, 1.0, -2.0])


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "measured", {"cuda": 1e-4, "tpu": None}.get)


def off_by(share: float) -> np.ndarray:  # type: ignore[type-arg]
    """Each entry off by this share of the largest."""
    return WANT + share * 1000.0


@pytest.mark.usefixtures("measured")
def test_a_gpu_is_allowed_what_was_measured_and_some_more() -> None:
    allowed = devices.SAFETY * 1e-4
    for share, on_cpu, on_gpu in ((0.0, True, True), (0.9 * allowed, False, True), (1.1 * allowed, False, False)):
        assert compare_array(off_by(share), WANT).equal is on_cpu
        with devices.computed_on("cuda"):
            assert compare_array(off_by(share), WANT).equal is on_gpu
    assert devices.slack() == 0.0  # outside again


@pytest.mark.usefixtures("measured")
def test_what_an_assignment_allows_itself_stays_where_it_is_wider() -> None:
    with devices.computed_on("cuda"):
        assert compare_array(WANT * 1.04, WANT, Tolerance(relative=0.05)).equal
        assert not compare_array(np.array([np.nan, 1.0, -2.0]), WANT).equal
        assert not compare_array(np.array([1000.0, 1.0, np.inf]), WANT).equal


@pytest.mark.usefixtures("measured")
def test_an_infinite_reference_makes_nothing_right() -> None:
    with devices.computed_on("cuda"):
        assert not compare_array(np.array([1.0, 2.0]), np.array([np.inf, 1.0])).equal


def test_a_gpu_that_was_never_measured_has_the_documented_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "measured", lambda device: None)
    with devices.computed_on("cuda"):
        assert devices.slack() == devices.DEFAULT["cuda"] == 1e-3


def test_the_table_says_where_each_number_comes_from() -> None:
    rows = frozen_values(devices.TOPIC)
    assert rows
    for name, row in rows.items():
        assert name.split("-")[0] in {"cpu", "cuda"}
        assert 0 < row.value < 0.05
        assert "repeats" in row.source
    worst = [row.value for name, row in rows.items() if name.startswith("cpu-")]
    assert devices.measured("cpu") == max(worst)
