"""Finding the mistake that explains every result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from assignments.asking import Ask, Got
from assignments.vocabulary.approximating import rough_approximation
from assignments.vocabulary.ignoring import ignored_argument, scalars_only
from assignments.vocabulary.replies import ended
from assignments.vocabulary.trials import FunctionTask, Setting, Tried
from reference.comparators.numbers import Numbers, to_numbers
from reference.plain import Array, Plain
from reference.relations import Diagnosis, Pair, diagnose

MOST_READ = 2_000_000  # numbers of a notebook's global that is tried in place of an argument
MOST_LAYERS = 100


def find_diagnosis(ask: Ask, task: FunctionTask, tried: Sequence[Tried], setting: Setting) -> Diagnosis | None:
    """The first explanation that fits all values that came; None where nothing does."""
    valued = [t for t in tried if t.comparison is not None]
    if not valued or all(t.right for t in valued):
        return (task.recognise(tried) if task.recognise else None) or scalars_only(ask, task, tried, setting)
    if 2 * len(valued) < len(tried):  # a few values can fit by chance; that the others stopped says more
        return None
    reference = setting.reference or task.reference
    return (
        _placeholder(task, valued)
        or _misconception(task, setting, valued)
        or (task.recognise(tried) if task.recognise else None)
        or _global_for_argument(ask, task, valued, reference)
        or _global_result(ask, task, valued)
        or _relation(valued)
        or _approximated(task, valued)
        or _form(valued)
        or ignored_argument(ask, task, valued, setting)
    )


def _placeholder(task: FunctionTask, valued: Sequence[Tried]) -> Diagnosis | None:
    if task.placeholder is None or any(t.right for t in valued):
        return None
    arrays = [t.comparison.numbers for t in valued if t.comparison is not None]
    if any(a is None or not a.size or np.any(a != task.placeholder) for a in arrays):
        return None
    sentence = f"`{task.function}` always gives {task.placeholder:g}: the starter's placeholder is still in place."
    return Diagnosis("placeholder", sentence)


def _misconception(task: FunctionTask, setting: Setting, valued: Sequence[Tried]) -> Diagnosis | None:
    for known in task.misconceptions if setting.misconceptions is None else setting.misconceptions:
        if _matches(task, known.wrong, valued):
            return Diagnosis(known.key, known.sentence)
    return None


def _matches(task: FunctionTask, function: Callable[..., Any], valued: Sequence[Tried]) -> bool:
    """Does the function give what the student's gives, on every trial?"""
    for t in valued:
        if not isinstance(t.reply, Got):
            return False
        try:
            with np.errstate(all="ignore"):
                candidate = function(*t.trial.arguments)
        except (ArithmeticError, ValueError, LookupError, TypeError, AttributeError):
            # A mistake need not be computable on every input (a gamma function that overflows).
            return False
        if not task.compare(t.reply.value, candidate).equal:
            return False
    return True


def _global_for_argument(
    ask: Ask, task: FunctionTask, valued: Sequence[Tried], reference: Callable[..., Any]
) -> Diagnosis | None:
    for position, name, value in _globals(ask, task):
        parameter = task.parameters[position]

        def with_global(*arguments: Plain, at: int = position, instead: Plain = value) -> Any:
            return reference(*arguments[:at], instead, *arguments[at + 1 :])

        if _matches(task, with_global, valued):
            sentence = (
                f"`{task.function}` does not use its argument `{parameter}`: it takes the notebook's variable `{name}` "
                "instead. It must work for any argument."
            )
            return Diagnosis("global-for-argument", sentence)
    return None


def _global_result(ask: Ask, task: FunctionTask, valued: Sequence[Tried]) -> Diagnosis | None:
    for name in task.notebook_results:
        reply = ask.read(name)
        if not isinstance(reply, Got):
            continue
        numbers = to_numbers(reply.value)
        if isinstance(numbers, Numbers) and _matches(task, lambda *_, array=numbers.array: array, valued):
            sentence = f"`{task.function}` returns the notebook's variable `{name}`, not what it computes itself."
            return Diagnosis("global-result", sentence)
    return None


def _globals(ask: Ask, task: FunctionTask) -> Iterator[tuple[int, str, Plain]]:
    for parameter, names in task.notebook_globals.items():
        for name in names:
            reply = ask.read(name)
            if isinstance(reply, Got):
                value = _argument(reply.value)
                if value is not None:
                    yield task.parameters.index(parameter), name, value


def _argument(value: Plain) -> Plain:
    """A notebook's value in the form in which a reference function takes it; None where it takes none."""
    if isinstance(value, list):
        layers = [_numbers(item) for item in value[:MOST_LAYERS]]
        return None if any(layer is None for layer in layers) else list(layers)
    return _numbers(value)


def _numbers(value: Plain) -> float | Array | None:
    numbers = to_numbers(value)
    if not isinstance(numbers, Numbers) or numbers.array.size > MOST_READ:
        return None
    return float(numbers.array) if numbers.array.ndim == 0 else numbers.array


def _relation(valued: Sequence[Tried]) -> Diagnosis | None:
    pairs = []
    for t in valued:
        if t.comparison is None or t.comparison.numbers is None:
            return None
        want = t.want if t.comparison.reference is None else t.comparison.reference
        try:
            right = np.asarray(want)
        except ValueError:  # lists of differing lengths: relations are those of arrays
            return None
        pairs.append(Pair(t.comparison.numbers, right, t.trial.count, t.comparison.tolerance))
    return diagnose(pairs)


def _approximated(task: FunctionTask, valued: Sequence[Tried]) -> Diagnosis | None:
    found = rough_approximation(valued) if task.approximate is not None else None
    return Diagnosis(found.key, found.message) if found else None


def _form(valued: Sequence[Tried]) -> Diagnosis | None:
    """What the form of the wrong values tells (None, text, NaN…), where it is the same for all of them."""
    wrong = [t for t in valued if not t.right]
    found = {t.comparison.diagnosis for t in wrong if t.comparison is not None}
    first = wrong[0].comparison
    if len(found) != 1 or first is None or first.diagnosis is None:
        return None
    return Diagnosis(first.diagnosis, ended(f"The result {first.problem}"))
