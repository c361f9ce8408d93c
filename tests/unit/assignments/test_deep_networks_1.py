"""The check of deep networks 1: the composed output, and what is computed instead of it."""

from __future__ import annotations

import runpy

import numpy as np
import pytest

from assignments.outcome import Conclusion
from reference.implementations import deep_networks
from reference.implementations.deep_networks import NET_1, NET_2
from tests.support.direct_ask import DirectAsk
from tests.support.package_runs import (
    ROOT,
    assert_solution_passes,
    assert_starter_runs_and_earns_nothing,
    judge,
)

SLUG = "deep-networks-1"
X = deep_networks.course_inputs()
WRONG = runpy.run_path(str(ROOT / SLUG / "checks.py"))["known_wrong"](X)


def outcome(value: object, x: object = X) -> tuple[Conclusion, str | None]:
    ask = DirectAsk([])
    ask.namespace.update(net12_out=value, x=x)
    result = judge(SLUG, "net12_out", ask, 0)
    return result.conclusion, result.diagnosis


def test_the_solution_passes() -> None:
    assert_solution_passes(SLUG, runs=1)


def test_the_starter_runs_and_earns_nothing() -> None:
    assert_starter_runs_and_earns_nothing(SLUG, runs=1)


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_mistakes_are_named(number: int) -> None:
    assert outcome(WRONG[number].value) == (Conclusion.FAILED, WRONG[number].key)


def test_rounding_far_below_what_matters_is_right() -> None:
    assert outcome(NET_2(NET_1(X)) * (1 + 1e-9))[0] is Conclusion.PASSED


def test_a_grid_of_few_distinct_points_is_no_grid() -> None:
    x = np.full(2000, 0.5)
    assert outcome(NET_2(NET_1(x)), x)[0] is Conclusion.FAILED
