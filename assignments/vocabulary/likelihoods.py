"""What the checks of likelihoods and of their logarithms look for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from assignments.asking import Ask, Got
from assignments.outcome import Outcome
from assignments.vocabulary.functions import SecondChance, in_its_size, judge_function
from assignments.vocabulary.trials import FunctionTask, Trial, Tried
from reference.relations import Diagnosis

Data: TypeAlias = Callable[[np.random.Generator, int], tuple[Any, ...]]  # arguments for n data points

POINTS = 20  # of the notebooks' data


def judge_product(ask: Ask, task: FunctionTask, data: Data) -> Outcome:
    """A likelihood, of so few data points that the product of their probabilities can be computed."""
    sizes = (5, 8, int(ask.rng.integers(12, 19)), POINTS)
    trials = [Trial(data(ask.rng, n), count=n) for n in sizes]
    return judge_function(ask, task, trials, _of_the_notebook(ask, task, data))


def judge_logarithm(ask: Ask, task: FunctionTask, data: Data, points: str, many: int) -> Outcome:
    """A logarithm of one, with the parts "few" and "many": the product of `many` probabilities is too small for the
    computer, and a right sum of logarithms is not."""
    few = (5, int(ask.rng.integers(8, 19)), POINTS)
    sizes = (many, many + int(ask.rng.integers(500, 1500)))
    trials = [Trial(data(ask.rng, n), f"for few {points}", "few", n) for n in few]
    trials += [Trial(data(ask.rng, n), f"for many {points}", "many", n) for n in sizes]
    # Thousands of data points are what the task asks for, so that the size of the notebook is worth the other part.
    share = next(part.fraction for part in task.parts if part.key == "few")
    return judge_function(ask, task, trials, _of_the_notebook(ask, task, data, share))


def _of_the_notebook(ask: Ask, task: FunctionTask, data: Data, fraction: float = 1.0) -> SecondChance:
    def trials() -> list[Trial]:
        return [Trial(data(ask.rng, POINTS), count=POINTS) for _ in range(3)]

    return in_its_size(POINTS, task.parameters[0], trials, fraction=fraction)


def product_underflowed(tried: Sequence[Tried]) -> Diagnosis | None:
    """Right for few data points (part "few"), infinite for many (part "many")."""
    few = [t for t in tried if t.trial.part == "few"]
    many = [t for t in tried if t.trial.part == "many"]
    infinite = all(t.comparison is not None and t.comparison.diagnosis in {"infinite", "nan"} for t in many)
    if not (few and many and infinite and all(t.right for t in few)):
        return None
    sentence = (
        "With many data points the result is infinite: the product of so many probabilities is too small for the "
        "computer before its logarithm is taken. Add up the logarithms instead."
    )
    return Diagnosis("log-of-product", sentence)


def not_reduced(tried: Sequence[Tried]) -> Diagnosis | None:
    """One value for each data point came back."""
    valued = [t for t in tried if isinstance(t.reply, Got) and t.comparison is not None]
    arrays = [None if t.comparison is None else t.comparison.numbers for t in valued]
    if not valued or any(a is None or a.size != t.trial.count for a, t in zip(arrays, valued, strict=True)):
        return None
    return Diagnosis("not-reduced", "The result has one value for each data point; one single number is asked.")
