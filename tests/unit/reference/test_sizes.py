"""How far off a value is: exact where inputs are drawn, and nothing to search with where the answer is fixed."""

from __future__ import annotations

import numpy as np
import pytest

from reference.comparators.arrays import compare_array
from reference.comparators.sizes import EXACT, HALF, NEAR, roughly

WANT = np.array([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("relative", "words"),
    [
        (5e-5, "off by 5e-05 of its right size"),
        (0.004, "off by about 0.4 %"),
        (0.7, "off by about 70 %"),
        (12.0, "off by about 12 times its right size"),
        (np.inf, "off by many orders of magnitude"),
        (np.nan, "off by many orders of magnitude"),
    ],
)
def test_exact_sizes(relative: float, words: str) -> None:
    assert EXACT.words(relative) == words


def test_rough_sizes_hold_no_digit_and_are_true_wherever_the_limits_lie() -> None:
    for seed in range(50):
        words = roughly(np.random.default_rng(seed)).words
        for relative in np.logspace(-7, 4, 200):
            said = words(float(relative))
            assert not any(letter.isdigit() for letter in said)
            assert ("close" not in said) or relative < NEAR[1]
            assert ("few per cent" not in said) or relative >= NEAR[0]
            assert ("half" not in said) or relative >= HALF[0]
        assert "half" in words(float("nan"))


def test_no_limit_can_be_searched_for() -> None:
    """The same value gets other words in other runs, all over the range in which the limits lie."""
    for relative in (0.06, 0.1, 0.17, 0.55, 0.7, 0.9):
        assert len({roughly(np.random.default_rng(seed)).words(relative) for seed in range(200)}) == 2
    for relative in (0.049, 1e-3, 1e-5):
        assert len({roughly(np.random.default_rng(seed)).words(relative) for seed in range(200)}) == 1


def test_of_rough_sizes_the_first_wrong_entry_is_told_whichever_is_the_worst() -> None:
    rough = roughly(np.random.default_rng(0))
    for factors in ([[1.0, 1.001], [1.0, 3.0]], [[1.0, 1.001], [1.0, 1.00101]]):
        compared = compare_array(WANT * factors, WANT, sizes=rough)
        assert "in 2 of 4 entries; the first, entry [0, 1], is close" in compared.problem
    assert "the worst, entry [1, 1]" in compare_array(WANT * [[1.0, 1.001], [1.0, 3.0]], WANT).problem
