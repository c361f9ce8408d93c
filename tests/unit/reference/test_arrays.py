"""Comparing numbers and arrays with a reference."""

import numpy as np
import pytest

from reference.comparators.arrays import Tolerance, compare_array
from reference.plain import Opaque, TensorValue

RIGHT = np.array(1.25)
MATRIX = np.arange(1.0, 7.0).reshape(2, 3)


@pytest.mark.parametrize(
    "value",
    [
        1.25,
        np.float64(1.25) * np.ones(()),
        np.array([1.25]),
        np.array([[1.25]]),
        np.array([[[1.25]]]),
        [1.25],
        [[1.25]],
        (1.25,),
        TensorValue(np.array(1.25, dtype=np.float32)),
        TensorValue(np.array([1.25])),
    ],
)
def test_a_single_number_is_right_in_every_shape_it_comes_in(value):
    assert compare_array(value, RIGHT).equal


def test_a_list_of_lists_is_as_good_as_an_array():
    assert compare_array([[1, 2, 3], [4.0, 5.0, 6.0]], MATRIX).equal


def test_axes_of_length_one_may_be_added_or_left_out():
    column = np.array([[1.0], [2.0]])
    assert compare_array(np.array([1.0, 2.0]), column).equal
    assert compare_array(column[..., None], column).equal
    assert compare_array(np.array([[1.0, 2.0]]), np.array([1.0, 2.0])).equal


def test_a_row_is_not_a_column():
    result = compare_array(np.array([[1.0, 2.0]]), np.array([[1.0], [2.0]]))
    assert not result.equal
    assert result.diagnosis == "transposed"


def test_a_transposed_matrix_is_named():
    result = compare_array(MATRIX.T, MATRIX)
    assert (result.equal, result.diagnosis) == (False, "transposed")
    assert "(3, 2)" in result.problem
    assert "(2, 3)" in result.problem


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_never_right_even_where_the_reference_has_them(bad):
    assert not compare_array(bad, np.array(bad)).equal
    assert not compare_array(np.array([1.0, bad]), np.array([1.0, bad])).equal


def test_the_message_counts_and_locates_but_does_not_tell_the_right_value():
    got = MATRIX.copy()
    got[1, 2] = 12.0
    got[0, 0] = 1.01
    result = compare_array(got, MATRIX)
    assert result.problem == ("is wrong in 2 of 6 entries; the worst, entry [1, 2], is off by about 100 %")
    assert "6.0" not in result.problem


def test_tolerance_is_tight_in_double_precision_and_wider_in_single():
    assert compare_array(1.25 * (1 + 5e-7), RIGHT).equal
    assert not compare_array(1.25 * (1 + 5e-6), RIGHT).equal
    assert compare_array(np.array(1.25 * (1 + 5e-6), dtype=np.float32), RIGHT).equal
    assert not compare_array(np.array(1.25 * (1 + 5e-4), dtype=np.float32), RIGHT).equal


def test_absolute_tolerance_is_only_what_was_asked_for():
    assert not compare_array(1e-15, np.array(0.0)).equal
    assert compare_array(1e-15, np.array(0.0), Tolerance(absolute=1e-12)).equal


@pytest.mark.parametrize(
    ("value", "diagnosis"),
    [
        (None, "returns-none"),
        ("1.25", "returns-text"),
        (1.25 + 0j, "complex"),
        (np.array([1.25 + 1j]), "complex"),
        (np.array(["1.25"]), "not-numbers"),
        (np.array([1.25], dtype=object), "not-numbers"),
        (np.array(["2026-11-21"], dtype="datetime64[D]"), "not-numbers"),
        ({"value": 1.25}, "not-numbers"),
        (Opaque("AlwaysEqual", False), "not-numbers"),
        ([[1.0, 2.0], [3.0]], "ragged"),
        (10**400, "too-large"),
        (np.ones(3), "not-a-scalar"),
        ([], "not-a-scalar"),
    ],
)
def test_what_is_no_number_is_named(value, diagnosis):
    result = compare_array(value, RIGHT)
    assert not result.equal
    assert result.diagnosis == diagnosis
    assert result.problem


def test_truth_values_count_as_numbers():
    assert compare_array(True, np.array(1.0)).equal
    assert not compare_array(np.array([True, False]), np.array([1.0, 1.0])).equal


def test_a_list_inside_a_list_without_end_is_refused():
    endless: list = []
    endless.append(endless)
    assert compare_array(endless, RIGHT).diagnosis == "too-large"


def test_a_gradient_carried_along_is_noticed():
    assert compare_array(TensorValue(np.array(1.25), requires_grad=True), RIGHT).requires_grad
