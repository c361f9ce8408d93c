"""Draws of continuous numbers, and results that are right up to a symmetry."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reference.comparators.samples import compare_sample
from reference.comparators.symmetries import compare_up_to_order, compare_up_to_sign
from reference.plain import Opaque

N = 1500


def normal(values: np.ndarray) -> np.ndarray:
    return np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in values])


def test_draws_of_the_right_distribution_fit_for_every_seed() -> None:
    for seed in range(100):
        assert compare_sample(np.random.default_rng(seed).normal(size=N), normal, N).equal


@pytest.mark.parametrize(
    ("change", "diagnosis"),
    [
        (lambda x: x + 0.3, "draws-too-large"),
        (lambda x: x - 0.3, "draws-too-small"),
        (lambda x: x * 1.5, "spread-wrong"),
        (lambda x: x / 2, "spread-wrong"),
        (np.zeros_like, "not-random"),
    ],
)
def test_draws_of_other_distributions_are_told_how_they_differ(change, diagnosis) -> None:
    for seed in range(20):
        result = compare_sample(change(np.random.default_rng(seed).normal(size=N)), normal, N)
        assert (result.equal, result.diagnosis) == (False, diagnosis)


@pytest.mark.parametrize("bad", [None, "text", Opaque("Evil"), [1.0], np.full(N, np.nan), {"a": 1}, 10**400])
def test_what_is_no_sample_is_refused_in_words(bad) -> None:
    result = compare_sample(bad, normal, N)
    assert not result.equal
    assert result.problem


UNITS = np.random.default_rng(2).normal(size=(6, 3))


def test_units_may_come_in_any_order_and_not_twice() -> None:
    for seed in range(20):
        assert compare_up_to_order(np.random.default_rng(seed).permutation(UNITS), UNITS).equal
    twice = UNITS.copy()
    twice[1] = twice[0]
    assert not compare_up_to_order(twice, UNITS).equal
    assert not compare_up_to_order(UNITS * 1.01, UNITS).equal
    assert not compare_up_to_order(UNITS[:5], UNITS).equal


def test_each_vector_may_have_either_sign() -> None:
    assert compare_up_to_sign(UNITS * [1.0, -1.0, 1.0], UNITS).equal
    assert compare_up_to_sign(-UNITS[:, 0], UNITS[:, 0]).equal
    mixed = UNITS.copy()
    mixed[0] *= -1
    assert not compare_up_to_sign(mixed, UNITS).equal
    assert compare_up_to_sign(np.full_like(UNITS, np.nan), UNITS).diagnosis == "nan"


@pytest.mark.parametrize("bad", [None, "text", Opaque("Evil"), np.full((6, 3), np.inf), [[1.0], [2.0, 3.0]]])
def test_hostile_values_are_never_right_up_to_a_symmetry(bad) -> None:
    assert not compare_up_to_order(bad, UNITS).equal
    assert not compare_up_to_sign(bad, UNITS).equal
