"""Judging a variable of the notebook that holds an answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assignments.asking import Ask, Got, Reply
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.replies import ended, explain
from reference.comparators.arrays import Comparison, Tolerance, compare_array
from reference.comparators.numbers import Floats
from reference.comparators.sizes import EXACT, Sizes, roughly
from reference.plain import Plain

TYPED_DECIMALS = (2, 3)  # as material prints them; to find more right ones would give them away one by one


@dataclass(frozen=True, eq=False)
class KnownValue:
    """What the variable holds after a known mistake, and the sentence for the student."""

    key: str
    sentence: str
    value: Any


@dataclass(frozen=True, eq=False)
class VariableTask:
    """`right` are the values that count: the first for its own sake, the others because they follow from the student's
    own earlier results, as `follows` says. `placeholder` is the starter's value, which follows from nothing."""

    name: str
    right: Sequence[Floats | float]
    wrong: Sequence[KnownValue] = ()
    placeholder: float | None = None
    tolerance: Tolerance = Tolerance()  # noqa: RUF009  frozen
    follows: str = "follows rightly from your own earlier results, wrong as they are"


def judge_variable(ask: Ask, task: VariableTask) -> Outcome:
    """Read the variable and conclude; the message names it."""
    outcome = judge_reply(ask.read(task.name), task, ask.rng)
    if outcome.conclusion is not Conclusion.FAILED:
        return outcome
    return dataclasses.replace(outcome, message=f"`{task.name}`: {outcome.message}")


def judge_reply(reply: Reply, task: VariableTask, rng: np.random.Generator) -> Outcome:
    """The same for a variable that was read already. What is said of a wrong one leaves its name to the caller, so
    that the same mistake in many variables is said once. Its right value is the same in every run, so how far off it
    is is only said roughly, with limits from `rng`."""
    if not isinstance(reply, Got):
        return explain(reply, task.name)
    compared = [_compare(reply.value, right, task) for right in task.right]
    if compared[0].equal:
        return Outcome(Conclusion.PASSED, 1.0, "Correct.")
    if any(comparison.equal for comparison in compared[1:]) and not _is_placeholder(compared[0], task):
        message = f"`{task.name}` {task.follows}."
        return Outcome(Conclusion.PASSED, 1.0, message, "follow-through")
    return _wrong(reply.value, compared[0], task, roughly(rng))


def _compare(value: Plain, want: Any, task: VariableTask, sizes: Sizes = EXACT) -> Comparison:
    return compare_array(value, np.asarray(want, dtype=np.float64), task.tolerance, sizes)


def _wrong(value: Plain, comparison: Comparison, task: VariableTask, sizes: Sizes) -> Outcome:
    staff = f"{task.name} {comparison.problem}"
    if _is_placeholder(comparison, task):
        message = f"The value is still {task.placeholder:g}, as in the starter notebook."
        return Outcome(Conclusion.FAILED, 0.0, message, "placeholder", staff)
    for known in task.wrong:
        if _compare(value, known.value, task).equal:
            return Outcome(Conclusion.FAILED, 0.0, known.sentence, known.key, staff)
    if _is_rounded(comparison, task):
        message = "The value is a rounded number: compute it from the variables instead of typing it in."
        return Outcome(Conclusion.FAILED, 0.0, message, "typed-in", staff)
    if comparison.numbers is not None and _compare(value, -np.asarray(task.right[0]), task).equal:
        return Outcome(Conclusion.FAILED, 0.0, "The sign is wrong.", "minus-sign", staff)
    message = ended(f"The value {_compare(value, task.right[0], task, sizes).problem}")
    return Outcome(Conclusion.FAILED, 0.0, message, comparison.diagnosis, staff)


def _is_placeholder(comparison: Comparison, task: VariableTask) -> bool:
    numbers = comparison.numbers
    return task.placeholder is not None and numbers is not None and bool(np.all(numbers == task.placeholder))


def _is_rounded(comparison: Comparison, task: VariableTask) -> bool:
    want, got = np.asarray(task.right[0]), comparison.numbers
    if got is None or got.size != want.size:
        return False
    flat = got.reshape(want.shape)
    return any(np.allclose(flat, np.round(want, places), rtol=0, atol=1e-12) for places in TYPED_DECIMALS)
