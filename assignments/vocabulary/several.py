"""Functions of the notebook that return several values together, judged value by value."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assignments.asking import Ask
from assignments.outcome import Outcome
from assignments.vocabulary.combining import Share, combine
from assignments.vocabulary.functions import judge_function
from assignments.vocabulary.trials import ALL, FunctionTask, Part, Trial
from reference.comparators.arrays import Comparison, Tolerance, compare_array
from reference.comparators.components import component
from reference.comparators.layers import compare_layers
from reference.misconceptions import Misconception
from reference.plain import Plain


@dataclass(frozen=True)
class Group:
    """Some of the values, by their places among all; `label` names them for the student."""

    label: str
    fraction: float
    places: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class SeveralTask:
    """`reference` and the misconceptions return all `count` values."""

    function: str
    parameters: tuple[str, ...]
    count: int
    reference: Callable[..., Sequence[Any]]
    misconceptions: Sequence[Misconception]
    groups: tuple[Group, ...]
    parts: tuple[Part, ...] = (ALL,)
    tolerance: Tolerance = Tolerance(relative=1e-6, absolute=1e-9)  # noqa: RUF009  frozen


def judge_several(ask: Ask, task: SeveralTask, trials: Sequence[Trial]) -> Outcome:
    """Each group of values on its own, on the same trials."""
    return combine([Share(g.fraction, g.label, judge_function(ask, _task(task, g), trials)) for g in task.groups])


def _task(task: SeveralTask, group: Group) -> FunctionTask:
    def picked(compute: Callable[..., Sequence[Any]]) -> Callable[..., Any]:
        def of(*arguments: Any) -> list[Any]:
            values = compute(*arguments)
            return [np.asarray(values[place], dtype=np.float64) for place in group.places]

        return of

    def compare(got: Plain, want: Any) -> Comparison:
        values: list[Plain] = []
        for place in group.places:
            value = component(got, place, task.count)
            if isinstance(value, Comparison):
                return value
            values.append(value)
        if len(values) == 1:
            return compare_array(values[0], want[0], task.tolerance)
        # An entry that does not matter comes first, because the notebook counts its units from 1.
        result = compare_layers([None, *values], [None, *want], task.tolerance)
        return dataclasses.replace(result, problem=result.problem.replace("layer", "unit"))

    return FunctionTask(
        function=task.function,
        parameters=task.parameters,
        reference=picked(task.reference),
        parts=task.parts,
        misconceptions=[Misconception(m.key, m.sentence, picked(m.wrong)) for m in task.misconceptions],
        compare=compare,
        placeholder=0.0,
    )
