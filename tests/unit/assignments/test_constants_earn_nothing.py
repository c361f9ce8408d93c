"""Zeros, ones and other constants in place of a function's result earn no point in any assignment.

The notebooks that need PyTorch run in the real kernel only: their cases hold the same.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.support.direct_ask import DirectAsk
from tests.support.package_runs import ROOT, judge, package


@functools.cache
def solved(slug: str) -> DirectAsk:
    return DirectAsk.of_notebook(package(slug).package.solution_bytes())


def _needs_torch(slug: str) -> bool:
    return b"import torch" in (ROOT / slug / "solution.ipynb").read_bytes()


# What a method returns does not matter where it is asked to train the network that it belongs to.
IN_PLACE = {("mlp-from-scratch", "train")}
FUNCTIONS = [
    (path.parent.name, check.spec.key)
    for path in sorted(ROOT.glob("*/assignment.toml"))
    if not _needs_torch(path.parent.name)
    for check in package(path.parent.name).checks
    if check.spec.kind == "function" and (path.parent.name, check.spec.key) not in IN_PLACE
]


def filled(value: Any, constant: float) -> Any:
    """The same structure with every number replaced."""
    if isinstance(value, list | tuple):
        return type(value)(filled(item, constant) for item in value)
    if isinstance(value, np.ndarray):
        return np.full(value.shape, constant)
    return constant if isinstance(value, int | float | np.number) else value


def _is_answer(name: str, value: Any) -> bool:
    return callable(value) and (name == "__call__" or not name.startswith("_"))


def instead(function: Callable[..., Any], constant: float) -> Callable[..., Any]:
    if isinstance(function, type):
        methods = {name: instead(value, constant) for name, value in vars(function).items() if _is_answer(name, value)}
        return type(function.__name__, (function,), methods)
    return lambda *arguments, **keywords: filled(function(*arguments, **keywords), constant)


@pytest.mark.parametrize(("slug", "key"), FUNCTIONS)
def test_a_constant_earns_nothing(slug: str, key: str) -> None:
    ask = solved(slug)
    # Scikit-learn is not here: what needs its digits (the last questions of two notebooks) is not defined.
    assert all("sklearn" in error or "NameError" in error for error in ask.errors)
    check = next(check for check in package(slug).checks if check.spec.key == key)
    own = {name: ask.namespace[name] for name in check.spec.watches if callable(ask.namespace.get(name))}
    if not own:
        pytest.skip("needs scikit-learn's digits")
    try:
        for constant in (0.0, 1.0, -0.5):
            ask.namespace.update({name: instead(value, constant) for name, value in own.items()})
            earns_nothing(slug, key, ask)
            ask.namespace.update({name: lambda *a, value=constant, **k: value for name in own})
            earns_nothing(slug, key, ask)
    finally:
        ask.namespace.update(own)


def earns_nothing(slug: str, key: str, ask: DirectAsk) -> None:
    with np.errstate(all="ignore"):
        outcome = judge(slug, key, ask, 3)
    assert outcome.fraction == 0, outcome
