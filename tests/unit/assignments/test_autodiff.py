"""Automatic differentiation: right functions pass on any inputs, and each known mistake is named."""

from __future__ import annotations

import pytest

from assignments.outcome import Conclusion
from reference.implementations import autodiff
from reference.misconceptions import Misconception
from tests.support.package_checks import conclude

SLUG = "autodiff"
RIGHT = {"func": autodiff.func, "grad_func": autodiff.grad_func, "sequential_func": autodiff.grad_func}
KNOWN = [("func", known) for known in autodiff.FUNC] + [
    (key, known) for key in ("grad_func", "sequential_func") for known in autodiff.GRAD
]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("key", RIGHT)
def test_right_functions_pass(key: str, seed: int) -> None:
    assert conclude(SLUG, key, {key: RIGHT[key]}, seed=seed).fraction == 1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("key", "known"), KNOWN, ids=lambda value: getattr(value, "key", value))
def test_known_mistakes_are_named(key: str, known: Misconception, seed: int) -> None:
    outcome = conclude(SLUG, key, {key: known.wrong}, seed=seed)
    assert outcome.conclusion is Conclusion.FAILED
    assert outcome.diagnosis == known.key


@pytest.mark.parametrize("seed", range(10))
def test_a_difference_quotient_earns_a_part(seed: int) -> None:
    def grad_func(x: float) -> float:
        return (autodiff.func(x + 1e-6) - autodiff.func(x)) / 1e-6

    outcome = conclude(SLUG, "grad_func", {"grad_func": grad_func}, seed=seed)
    assert (outcome.fraction, outcome.diagnosis) == (0.6, "low-precision")
