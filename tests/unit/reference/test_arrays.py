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


def test_a_narrower_type_does_not_widen_the_tolerance():
    assert compare_array(1.25 * (1 + 5e-7), RIGHT).equal
    assert not compare_array(1.25 * (1 + 5e-6), RIGHT).equal
    assert compare_array(np.array(1.3, dtype=np.float32), np.array(1.3)).equal
    assert not compare_array(np.array(1.25 * (1 + 5e-5), dtype=np.float32), RIGHT).equal
    assert compare_array(np.array(1.25 * (1 + 5e-5), dtype=np.float32), RIGHT, Tolerance(relative=1e-4)).equal


def test_a_result_that_is_right_but_for_single_precision_is_told_so():
    result = compare_array(np.array(1.25 * (1 + 5e-6), dtype=np.float32), RIGHT)
    assert (result.equal, result.diagnosis) == (False, "rounded-float32")
    assert "seven digits" in result.problem
    assert compare_array(np.array(1.25 * (1 + 5e-5), dtype=np.float32), RIGHT).diagnosis is None
    assert compare_array(np.array(1.3, dtype=np.float16), np.array(1.3)).diagnosis == "rounded-float16"
    assert compare_array(1.25 * (1 + 5e-6), RIGHT).diagnosis is None


def test_nan_and_infinity_are_counted_and_located():
    got = MATRIX.copy()
    got[0, 2] = got[1, 1] = np.nan
    got[0, 0] = np.inf
    assert compare_array(got, MATRIX).problem == "contains NaN (not a number) in 2 of 6 entries, first at [0, 2]"
    got[np.isnan(got)] = 1.0
    assert compare_array(got, MATRIX).problem == "contains infinity in 1 of 6 entries, first at [0, 0]"
    assert compare_array(np.nan, RIGHT).problem == "is NaN (not a number)"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nothing_equals_a_reference_that_is_not_finite(bad):
    for value in (0.0, 1.0, 1e300, bad):
        assert not compare_array(value, np.array(bad)).equal
        assert not compare_array([1.0, value], np.array([1.0, bad])).equal


def test_a_text_that_spells_the_right_number_is_told_so():
    assert "spells the right number" in compare_array("1.25", RIGHT).problem
    assert compare_array("1.25", RIGHT).diagnosis == "returns-text"
    assert "spells" not in compare_array("1.5", RIGHT).problem
    assert "spells" not in compare_array("nan", np.array(np.nan)).problem


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
