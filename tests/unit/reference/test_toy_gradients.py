"""The toy expression: the printed numbers, and every derivative against finite differences."""

from __future__ import annotations

import math

import pytest

from reference.frozen import frozen_values
from reference.implementations import toy_gradients


@pytest.mark.parametrize("name", list(frozen_values("toy_gradients")))
def test_every_frozen_value_is_recomputed_and_rounds_to_what_is_printed(name: str) -> None:
    value = frozen_values("toy_gradients")[name]
    assert toy_gradients.all_values()[name] == pytest.approx(value.value, rel=1e-12)
    assert not value.printed or f"{value.value:.3f}" == value.printed


@pytest.mark.parametrize("parameter", [f"{kind}{k}" for kind in ("beta", "omega") for k in range(5)])
def test_derivatives_by_parameters_agree_with_finite_differences(parameter: str) -> None:
    def y(shift: float) -> float:
        parameters = dict(toy_gradients.PARAMETERS)
        parameters[parameter] += shift
        return toy_gradients.all_values(parameters)["y"]

    slope = (y(1e-6) - y(-1e-6)) / 2e-6
    assert toy_gradients.all_values()[f"dyd{parameter}"] == pytest.approx(slope, rel=1e-7)


def test_no_mistake_gives_the_right_number() -> None:
    values = toy_gradients.all_values()
    for step in toy_gradients.STEPS:
        for known in step.wrong:
            try:
                wrong = known.wrong(values)
            except (ArithmeticError, ValueError):
                continue
            assert not math.isclose(wrong, values[step.name], rel_tol=1e-4), (step.name, known)
