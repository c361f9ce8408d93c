"""The checks of deep networks 2: matrices judged by the network that they make, and one by one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from assignments.outcome import Conclusion
from reference.comparators.numbers import Floats
from reference.implementations import deep_networks
from reference.implementations.deep_networks import NET_1, NET_2
from tests.support.direct_ask import DirectAsk
from tests.support.package_runs import assert_starter_runs_and_earns_nothing, judge

SLUG = "deep-networks-2"
BOTH = deep_networks.composition(NET_1, NET_2)


def notebook(matrices: Mapping[str, object]) -> DirectAsk:
    ask = DirectAsk([])
    ask.namespace.update(matrices)
    return ask


def test_the_starter_runs_and_earns_nothing() -> None:
    assert_starter_runs_and_earns_nothing(SLUG, runs=1)


def test_any_order_and_any_positive_scale_of_hidden_units_is_right() -> None:
    rng = np.random.default_rng(0)
    for seed in range(100):
        first, second = rng.permutation(3), rng.permutation(3)
        scale = rng.uniform(0.5, 2.0, size=3)
        changed = {
            "beta_0": (BOTH["beta_0"] * scale[:, None])[first],
            "Omega_0": (BOTH["Omega_0"] * scale[:, None])[first],
            "beta_1": BOTH["beta_1"][second],
            "Omega_1": (BOTH["Omega_1"] / scale)[second][:, first],
            "beta_2": BOTH["beta_2"],
            "Omega_2": BOTH["Omega_2"][:, second],
        }
        assert judge(SLUG, "composition", notebook(changed), seed).conclusion is Conclusion.PASSED


@pytest.mark.parametrize("name", list(BOTH))
def test_one_wrong_entry_costs_its_own_matrix_only(name: str) -> None:
    points = {"beta_1": 10, "Omega_1": 15}
    for place in np.ndindex(BOTH[name].shape):
        changed: dict[str, Floats] = {key: value.copy() for key, value in BOTH.items()}
        changed[name][place] += 0.1
        fraction = judge(SLUG, "composition", notebook(changed), 0).fraction
        assert fraction == pytest.approx(1 - points.get(name, 5) / 45)


@pytest.mark.parametrize("name", list(BOTH))
def test_a_wrong_entry_costs_no_more_where_hidden_units_stand_in_another_order(name: str) -> None:
    points = {"beta_1": 10, "Omega_1": 15}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        first, second = rng.permutation(3), rng.permutation(3)
        changed = {
            "beta_0": BOTH["beta_0"][first],
            "Omega_0": BOTH["Omega_0"][first],
            "beta_1": BOTH["beta_1"][second],
            "Omega_1": BOTH["Omega_1"][second][:, first],
            "beta_2": BOTH["beta_2"],
            "Omega_2": BOTH["Omega_2"][:, second],
        }
        wrong = changed[name].copy()
        wrong[np.unravel_index(int(rng.integers(wrong.size)), wrong.shape)] += 0.1
        fraction = judge(SLUG, "composition", notebook(changed | {name: wrong}), seed).fraction
        assert fraction == pytest.approx(1 - points.get(name, 5) / 45)


def test_how_far_off_a_matrix_is_gives_no_number_away() -> None:
    for factor, words in {1.0001: "close, but not right to the digits asked", 3.0: "off by more than half"}.items():
        message = judge(SLUG, "composition", notebook(BOTH | {"beta_1": BOTH["beta_1"] * factor}), 0).message
        assert words in message
        assert "%" not in message


def test_matrices_of_one_network_are_no_answer_to_the_other_question() -> None:
    one = notebook(deep_networks.one_network(NET_1))
    assert judge(SLUG, "one_network", one, 0).conclusion is Conclusion.PASSED
    assert judge(SLUG, "composition", one, 0).conclusion is Conclusion.MISSING
    assert judge(SLUG, "one_network", notebook(BOTH), 0).conclusion is Conclusion.MISSING


def test_the_missing_matrix_is_not_taken_for_a_slip_of_the_pen() -> None:
    outcome = judge(SLUG, "composition", notebook(deep_networks.one_network(NET_1)), 0)
    assert "rename" not in outcome.message


def test_shapes_are_judged_one_by_one_and_equal_numbers_are_not_random() -> None:
    rng = np.random.default_rng(0)
    shapes = deep_networks.shapes((4, 5, 2, 4, 1))
    right = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    assert judge(SLUG, "shapes", notebook(right), 0).conclusion is Conclusion.PASSED
    turned = judge(SLUG, "shapes", notebook(right | {"Omega_1": right["Omega_1"].T}), 0)
    assert turned.fraction == pytest.approx(25.5 / 30)
    assert turned.diagnosis == "transposed"
    zeros = judge(SLUG, "shapes", notebook({name: np.zeros(shape) for name, shape in shapes.items()}), 0)
    assert (zeros.fraction, zeros.diagnosis) == (0, "not-random")
