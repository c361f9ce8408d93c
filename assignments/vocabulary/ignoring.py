"""Functions that do not use one of their arguments, and functions that work for single numbers only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from assignments.asking import Ask, Call, Got, Raised
from assignments.vocabulary.trials import FunctionTask, Setting, Tried
from reference.comparators.numbers import Numbers, to_numbers
from reference.plain import Plain
from reference.relations import Diagnosis

MOST_SWAPS = 12  # calls in all
_NOT_FOR_ARRAYS = {"TypeError", "ValueError"}


def ignored_argument(ask: Ask, task: FunctionTask, tried: Sequence[Tried], setting: Setting) -> Diagnosis | None:
    """An argument whose value makes no difference to the student's result, though it does to the right one."""
    reference = setting.reference or task.reference
    for position, parameter in enumerate(task.parameters):
        swaps = _swaps(tried, position, reference)
        if len(swaps) < 2:
            continue
        calls = [
            Call(task.function, arguments, variables={**setting.variables, **t.trial.variables}, given=setting.given)
            for t, arguments in swaps
        ]
        replies = ask.calls(calls)
        if all(
            isinstance(reply, Got) and isinstance(t.reply, Got) and _same(reply.value, t.reply.value)
            for reply, (t, _) in zip(replies, swaps, strict=True)
        ):
            sentence = f"`{task.function}` gives the same result whatever its argument `{parameter}` is: use it."
            return Diagnosis("argument-ignored", sentence)
    return None


def scalars_only(ask: Ask, task: FunctionTask, tried: Sequence[Tried], setting: Setting) -> Diagnosis | None:
    """Stops on arrays, and is right on single entries of them."""
    stopped = [t for t in tried if isinstance(t.reply, Raised) and t.reply.exception in _NOT_FOR_ARRAYS]
    if not task.elementwise or not stopped:
        return None
    reference = setting.reference or task.reference
    arguments = [_first_entries(t.trial.arguments, task.elementwise) for t in stopped]
    calls = [Call(task.function, a, variables=setting.variables, given=setting.given) for a in arguments]
    for reply, single in zip(ask.calls(calls), arguments, strict=True):
        if not isinstance(reply, Got) or not task.compare(reply.value, reference(*single)).equal:
            return None
    sentence = (
        f"`{task.function}` is right for single numbers, but stops for arrays: use NumPy's functions (`np.exp`, not "
        "`math.exp`) and no `if` on an array."
    )
    return Diagnosis("scalars-only", sentence)


def _first_entries(arguments: tuple[Any, ...], positions: tuple[int, ...]) -> tuple[Any, ...]:
    return tuple(float(np.ravel(a)[0]) if i in positions and np.size(a) else a for i, a in enumerate(arguments))


def _swaps(tried: Sequence[Tried], position: int, reference: Callable[..., Any]) -> list[tuple[Tried, tuple[Any, ...]]]:
    """Trials with one argument taken from another trial, where the right result is then clearly another."""
    swaps: list[tuple[Tried, tuple[Any, ...]]] = []
    valued = [t for t in tried if isinstance(t.reply, Got) and not t.right and position < len(t.trial.arguments)]
    for t, other in zip(valued, [*valued[1:], *valued[:1]], strict=True):
        own, instead = t.trial.arguments[position], other.trial.arguments[position]
        if not _is_numeric(own) or type(own) is not type(instead) or np.shape(own) != np.shape(instead):
            continue
        arguments = (*t.trial.arguments[:position], instead, *t.trial.arguments[position + 1 :])
        if len(swaps) < MOST_SWAPS and _differs(t.want, reference, arguments):
            swaps.append((t, arguments))
    return swaps


def _is_numeric(argument: Any) -> bool:
    return isinstance(argument, int | float | np.ndarray | np.number)


def _differs(want: Any, reference: Callable[..., Any], arguments: tuple[Any, ...]) -> bool:
    try:
        with np.errstate(all="ignore"):
            other = np.asarray(reference(*arguments), dtype=np.float64)
            now = np.asarray(want, dtype=np.float64)
    except (ArithmeticError, ValueError, LookupError, TypeError):
        return False  # a reference that gives a list of layers or no numbers
    if now.shape != other.shape:
        return True
    return bool(np.any(np.abs(now - other) > 1e-3 * np.abs(now)))


def _same(a: Plain, b: Plain) -> bool:
    first, second = to_numbers(a), to_numbers(b)
    if not isinstance(first, Numbers) or not isinstance(second, Numbers):
        return False
    return first.array.size > 0 and bool(np.array_equal(first.array, second.array))
