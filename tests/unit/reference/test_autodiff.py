"""The derivatives against finite differences and the frozen values."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reference.frozen import frozen
from reference.implementations import autodiff


@pytest.mark.parametrize(
    ("function", "derivative"),
    [(autodiff.func, autodiff.grad_func), (autodiff.example_func, autodiff.example_grad)],
)
@pytest.mark.parametrize("x", [-1.1, -0.4, 0.3, 0.9])
def test_derivative_equals_finite_differences(
    function: Callable[[float], float], derivative: Callable[[float], float], x: float
) -> None:
    assert derivative(x) == pytest.approx((function(x + 1e-6) - function(x - 1e-6)) / 2e-6, rel=1e-6)


@pytest.mark.parametrize("name", ["func", "grad_func", "example_grad"])
def test_frozen_values_are_regenerated(name: str) -> None:
    assert getattr(autodiff, name)(0.2) == pytest.approx(frozen("autodiff", name), rel=1e-12)
