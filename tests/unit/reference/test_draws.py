"""Draws against a distribution: right ones pass, wrong ones do not."""

from __future__ import annotations

import numpy as np
import pytest

from reference.comparators.draws import LARGEST_Z, compare_draws, noticed


def counts(rng: np.random.Generator, p: np.ndarray, draws: int = 2000) -> np.ndarray:
    return rng.multinomial(draws, p).astype(float)


def test_right_draws_pass_ten_thousand_times() -> None:
    rng = np.random.default_rng(0)
    worst = 0.0
    for _ in range(10_000):
        p = rng.dirichlet(np.full(int(rng.integers(2, 30)), 0.7))
        compared = compare_draws(counts(rng, p), p)
        assert compared.fits
        worst = max(worst, compared.z)
    assert worst < LARGEST_Z + 1


def test_a_token_without_probability_is_never_right() -> None:
    p = np.array([0.5, 0.5, 0.0])
    assert not compare_draws(np.array([1000.0, 999.0, 1.0]), p).fits


@pytest.mark.parametrize("seed", range(20))
def test_a_missing_token_is_noticed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = np.array([0.5, 0.2, 0.15, 0.1, 0.05])
    without = np.array([0.5, 0.2, 0.15, 0.1, 0.0]) / 0.95
    assert not compare_draws(counts(rng, without), p).fits


@pytest.mark.parametrize("seed", range(20))
def test_equal_chances_are_noticed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = np.array([0.4, 0.3, 0.2, 0.1])
    assert not compare_draws(counts(rng, np.full(4, 0.25)), p).fits


def test_no_draws_are_not_right() -> None:
    assert not compare_draws(np.zeros(3), np.full(3, 1 / 3)).fits


def test_what_will_be_noticed_is_noticed_every_time() -> None:
    rng = np.random.default_rng(0)
    p, other = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.2, 0.5, 0.2, 0.1])
    assert noticed(other, p, 2000)
    assert all(not compare_draws(counts(rng, other), p).fits for _ in range(1000))


def test_a_small_difference_may_go_unnoticed() -> None:
    p = np.array([0.4, 0.3, 0.2, 0.1])
    assert not noticed(np.array([0.41, 0.29, 0.2, 0.1]), p, 2000)
    assert not noticed(p, p, 2000)


def test_what_can_never_come_is_noticed_where_enough_of_it_does() -> None:
    p = np.array([0.5, 0.5, 0.0])
    assert noticed(np.array([0.47, 0.5, 0.03]), p, 2000)
    assert not noticed(np.array([0.495, 0.5, 0.005]), p, 2000)
