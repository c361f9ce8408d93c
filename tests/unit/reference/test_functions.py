"""Functions over a domain: right, nearly right, and wrong on a part of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from reference.comparators.arrays import Tolerance
from reference.comparators.functions import Curve, compare_function
from reference.plain import Opaque
from tests.support.hostile_values import VALUES

POINTS = np.random.default_rng(0).permutation(np.linspace(-2, 2, 40))
RIGHT = np.sin(POINTS) + 2
CURVE = Curve(POINTS, RIGHT)


def test_the_function_itself_is_right() -> None:
    assert compare_function(RIGHT, CURVE).equal
    assert compare_function(list(RIGHT), CURVE).equal


@pytest.mark.parametrize(("off", "equal"), [(0.9e-6, True), (1.1e-6, False)])
def test_just_inside_and_just_outside_the_tolerance(off: float, equal: bool) -> None:
    assert compare_function(RIGHT * (1 + off), CURVE).equal is equal
    assert compare_function(RIGHT + off, CURVE, Tolerance(relative=0.0, absolute=1e-6)).equal is equal


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (POINTS > 0.5, "is right where x is below about 0.5"),
        (POINTS < 0.5, "is right where x is above about 0.5"),
        (np.abs(POINTS) < 1, "is wrong where x is between about -1 and 1"),
        (np.abs(POINTS) > 1, "is right where x is between about -1 and 1"),
    ],
)
def test_the_part_that_is_wrong_is_named(wrong: np.ndarray, said: str) -> None:
    compared = compare_function(np.where(wrong, 0.3, RIGHT), CURVE)
    assert not compared.equal
    assert compared.problem.startswith(said)


def test_values_that_are_wrong_here_and_there_or_everywhere_are_counted() -> None:
    assert "20 of 40 entries" in compare_function(np.where(np.arange(40) % 2, 0.3, RIGHT), CURVE).problem
    assert "40 of 40 entries" in compare_function(RIGHT + 1, CURVE).problem


def test_one_point_says_nothing_of_a_part() -> None:
    wrong = np.where(POINTS.max() == POINTS, 0.3, RIGHT)
    assert "1 of 40 entries" in compare_function(wrong, CURVE).problem


def test_a_wrong_form_is_told_as_everywhere() -> None:
    assert compare_function(None, CURVE).diagnosis == "returns-none"
    assert compare_function(Opaque("f", True), CURVE).diagnosis == "not-numbers"
    assert compare_function(np.where(POINTS > 0, np.nan, RIGHT), CURVE).diagnosis == "nan"
    assert compare_function(RIGHT[:5], CURVE).diagnosis == "wrong-shape"


def test_the_result_of_a_mistake_is_compared_as_it_is() -> None:
    assert compare_function(RIGHT, RIGHT).equal
    assert not compare_function(RIGHT, RIGHT + 1).equal


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_whatever_a_kernel_sends_nothing_is_raised_and_nothing_passes(value: object) -> None:
    assert not compare_function(value, CURVE).equal  # type: ignore[arg-type]
