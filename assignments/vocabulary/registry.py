"""`@check("key")`: marks the function that carries out one check of assignment.toml."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import TypeAlias, TypeVar

from assignments.asking import Ask
from assignments.outcome import Outcome

CheckFunction: TypeAlias = Callable[[Ask], Outcome]
C = TypeVar("C", bound=CheckFunction)

_MARK = "__check_key__"


def check(key: str) -> Callable[[C], C]:
    """`key` is the check's key in assignment.toml."""

    def mark(function: C) -> C:
        setattr(function, _MARK, key)
        return function

    return mark


def checks_of(module: ModuleType) -> dict[str, FunctionType]:
    """The marked functions of a module by key, in the order of their definition."""
    marked = [value for value in vars(module).values() if isinstance(value, FunctionType) and hasattr(value, _MARK)]
    return {getattr(function, _MARK): function for function in marked}
