"""The checks of gradients 1: each variable on its own, and mistakes that are not counted twice."""

from __future__ import annotations

import pytest

from assignments.outcome import Conclusion
from reference.implementations import toy_gradients
from tests.support.direct_ask import DirectAsk
from tests.support.package_runs import assert_solution_passes, assert_starter_runs_and_earns_nothing, judge, package

SLUG = "gradients-1-toy"
CHECKS = {
    "forward_pass": toy_gradients.FORWARD,
    "backward_pass": toy_gradients.BACKWARD,
    "parameter_derivatives": toy_gradients.BY_PARAMETERS,
}
STEPS = [(key, step) for key, steps in CHECKS.items() for step in steps if step.name != "dydbeta4"]


def notebook(**changed: float) -> DirectAsk:
    ask = DirectAsk([])
    ask.namespace.update(toy_gradients.all_values() | changed)
    return ask


def test_the_solution_passes() -> None:
    assert_solution_passes(SLUG, runs=1)


def test_the_starter_runs_and_earns_nothing() -> None:
    assert_starter_runs_and_earns_nothing(SLUG, runs=1)


@pytest.mark.parametrize(("key", "step"), STEPS, ids=[step.name for _, step in STEPS])
def test_each_known_mistake_is_named_and_costs_its_own_variable_only(key: str, step: toy_gradients.Step) -> None:
    values = toy_gradients.all_values()
    points = next(check.spec.points for check in package(SLUG).checks if check.spec.key == key)
    for known in step.wrong:
        try:
            wrong = known.wrong(values)
        except (ArithmeticError, ValueError):
            continue
        changed = {**values, step.name: wrong}
        following = [other for other in toy_gradients.STEPS if other.name not in toy_gradients.PARAMETERS]
        after = following[following.index(step) + 1 :]
        try:
            for other in after:
                changed[other.name] = other.rule(changed)
        except (ArithmeticError, ValueError):
            continue  # the logarithm of a negative number: the notebook itself stops there
        outcome = judge(SLUG, key, notebook(**changed), 0)
        same = {other.key for other in step.wrong if other.wrong(values) == pytest.approx(wrong, rel=1e-6)}
        assert outcome.diagnosis in same, (known, outcome)
        assert points * outcome.fraction == pytest.approx(points - share(key, step.name)), (known, outcome)


def share(key: str, name: str) -> float:
    return {"dydf2": 5.0, "dydf1": 5.0, "dydf0": 6.0}.get(name, 4.0)


@pytest.mark.parametrize("key", list(CHECKS))
def test_placeholders_earn_nothing_even_where_they_follow_from_each_other(key: str) -> None:
    ones = {step.name: 1.0 for step in toy_gradients.STEPS}
    outcome = judge(SLUG, key, notebook(**ones), 0)
    assert (outcome.conclusion, outcome.fraction, outcome.diagnosis) == (Conclusion.FAILED, 0, "placeholder")
