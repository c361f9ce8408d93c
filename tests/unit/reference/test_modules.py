"""The structure of a PyTorch network, as a kernel names it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from reference.comparators.modules import MOST_PARAMETERS, compare_structure, count
from reference.plain import Opaque
from tests.support.hostile_values import VALUES

WANT = [(100, 40), (100,), (10, 100), (10,)]
RIGHT = [list(shape) for shape in WANT]


def test_the_layers_that_were_asked_are_right() -> None:
    assert compare_structure(RIGHT, WANT).equal
    assert compare_structure(RIGHT, WANT, exactly=True).equal


def test_layers_among_others_and_without_biases_are_right_where_only_weights_are_asked() -> None:
    assert compare_structure([[10, 100], [7, 7], [100, 40]], WANT).equal


def test_a_layer_of_another_width_is_named_with_all_parameters_counted() -> None:
    compared = compare_structure([[50, 40], [50], [10, 50], [10]], WANT)
    assert (compared.equal, compared.diagnosis) == (False, "layer-sizes")
    assert "(100, 40)" in compared.problem
    assert "2,560 parameters" in compared.problem
    assert f"{count(WANT):,}" in compared.problem


def test_two_layers_of_one_shape_must_be_two() -> None:
    assert compare_structure([[5, 5], [5, 5]], [(5, 5), (5, 5)]).equal
    assert not compare_structure([[5, 5]], [(5, 5), (5, 5)]).equal


@pytest.mark.parametrize(
    ("found", "key"),
    [
        ([RIGHT[2], RIGHT[3], RIGHT[0], RIGHT[1]], "layer-order"),
        ([RIGHT[0], RIGHT[1], RIGHT[2]], "layer-bias"),
        ([*RIGHT, [3, 10], [3]], "number-of-layers"),
    ],
)
def test_exactly_these_layers_in_this_order(found: list[list[int]], key: str) -> None:
    assert compare_structure(found, WANT).equal
    assert compare_structure(found, WANT, exactly=True).diagnosis == key


@pytest.mark.parametrize(
    "value",
    [
        None,
        "layers",
        3.0,
        Opaque("Net"),
        [[2.5, 3]],
        [[True, True]],
        [[-1, 3]],
        [[10**9, 10**9]],
        [[1] * 9],
        [[1, 1]] * (MOST_PARAMETERS + 1),
    ],
)
def test_what_is_no_network_is_said_to_be_none(value: object) -> None:
    assert compare_structure(value, WANT).diagnosis == "not-a-network"  # type: ignore[arg-type]


def test_a_network_without_weights() -> None:
    assert "no weights at all" in compare_structure([], WANT).problem


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_whatever_a_kernel_sends_nothing_is_raised_and_nothing_passes(value: object) -> None:
    assert not compare_structure(value, WANT).equal  # type: ignore[arg-type]
