"""Descents along the gradient of random batches: a mistake is found from one step, and costs there and nowhere else.

A habit is what every step does: the size of its batch, the factor before the gradient. Two steps, and steps on all of
the data, are then judged by what that habit leads to, so that one mistake does not count again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.combining import Share, combine
from assignments.vocabulary.probes import failed
from reference.comparators.numbers import Floats
from reference.implementations.linear_unit import PointGradient

RIGHT = Outcome(Conclusion.PASSED, 1.0, "Correct.")
MOST_ENDS = 20_000


@dataclass(frozen=True, eq=False)
class Habit:
    """`size` and `factor` are functions of m and N."""

    key: str
    sentence: str
    size: Callable[[int, int], int] = lambda m, n: m
    factor: Callable[[int, int], float] = lambda m, n: 1.0
    repeated: bool = False


AS_ASKED = Habit("", "")
HABITS = (
    AS_ASKED,
    Habit("mean-for-sum", "The gradients of the batch are averaged; their sum is asked.", factor=lambda m, n: 1 / m),
    Habit("uphill", "The steps go uphill: along the gradient instead of against it.", factor=lambda m, n: -1.0),
    Habit(
        "rescaled",
        "The gradients of the batch are scaled up by N/m; their sum alone is asked.",
        factor=lambda m, n: n / m,
    ),
    Habit("all-points", "A step uses all points, not a batch of m.", size=lambda m, n: n),
    Habit("all-points", "A step uses all points, not a batch of m.", size=lambda m, n: n, factor=lambda m, n: 1 / n),
    Habit("single-point", "A step uses a single point, not a batch of m.", size=lambda m, n: 1),
    Habit("batch-size", "A batch has one point too few.", size=lambda m, n: m - 1),
    Habit("batch-size", "A batch has one point too many.", size=lambda m, n: min(m + 1, n)),
    Habit("with-replacement", "A batch may hold the same point twice; m different points are asked.", repeated=True),
)


@dataclass(frozen=True, eq=False)
class Asked:
    """A descent from zero on the points X (N, D), y, with T steps on batches of m points."""

    X: Floats
    y: Floats
    eta: float
    T: int
    m: int

    @property
    def arguments(self) -> tuple[Floats, Floats, float, int, int]:
        return self.X, self.y, self.eta, self.T, self.m


@dataclass(frozen=True, eq=False)
class Descents:
    """Several calls each of one step, of two steps, and of steps with m = N; `gradient` is the one in force."""

    one: Asked
    two: Asked
    full: Asked
    gradient: PointGradient


Results = Sequence[Floats | None]


def judge_descents(asked: Descents, one: Results, two: Results, full: Results) -> Outcome:
    """60, 20 and 20 percent of the points."""
    if all(result is not None and not np.any(result) for result in (*one, *two, *full)):
        return failed("The weights are still zero: no step is taken.", "placeholder")
    habit, first = _one_step(asked, one)
    fixed = first.diagnosis == "batch-not-random"
    return combine(
        [
            Share(0.6, "one step", first),
            Share(0.2, "two steps", _two_steps(asked, two, habit, fixed)),
            Share(0.2, "a batch of all points", _all_points(asked, full, habit)),
        ]
    )


def _one_step(asked: Descents, results: Results) -> tuple[Habit, Outcome]:
    for habit in HABITS:
        ends = reached(asked.one, habit, asked.gradient)
        found = [matching(result, ends) for result in results]
        if any(index is None for index in found):
            continue
        if habit is not AS_ASKED:
            return habit, failed(habit.sentence, habit.key)
        if len(set(found)) == 1:
            return habit, failed("The batch is the same in every call: it must be drawn at random.", "batch-not-random")
        return habit, RIGHT
    if any(result is None for result in results):
        return AS_ASKED, failed("The result is no array of three weights.", "wrong-shape")
    return AS_ASKED, failed(
        "One step from zero is not the step on any batch of m different points (with its own labels)."
    )


def _two_steps(asked: Descents, results: Results, habit: Habit, fixed: bool) -> Outcome:
    """Each result is the end of some two steps; in some call the two batches differ, unless none is ever drawn."""
    ends = reached(asked.two, habit, asked.gradient)
    batches = round(len(ends) ** 0.5)  # the second step of batch i ends at the places i * batches and after it
    differ = batches == 1 or fixed
    for result in results:
        near = all_matching(result, ends)
        if not near:
            return failed("Two steps do not end where any two batches lead.")
        differ = differ or all(place // batches != place % batches for place in near)
    if differ:
        return RIGHT
    return failed("Both steps use the same batch: draw a new one for each step.", "batch-drawn-once")


def _all_points(asked: Descents, results: Results, habit: Habit) -> Outcome:
    ends = reached(asked.full, habit, asked.gradient)
    if all(matching(result, ends) is not None for result in results):
        return RIGHT
    return failed("With m = N a step uses every point once, so the result must be that of gradient descent.")


def reached(asked: Asked, habit: Habit, gradient: PointGradient) -> list[Floats]:
    """Where the steps can end, for every sequence of batches; the sequences in lexical order. Too many: none."""
    points = len(asked.X)
    size = habit.size(asked.m, points)
    choose = itertools.combinations_with_replacement if habit.repeated else itertools.combinations
    batches = [list(batch) for batch in itertools.islice(choose(range(points), size), MOST_ENDS + 1)]
    if len(batches) ** asked.T > MOST_ENDS or not size:
        return []
    rate = asked.eta * habit.factor(asked.m, points)
    ends = [np.zeros(asked.X.shape[1])]
    for _ in range(asked.T):
        ends = [
            w - rate * shares[batch].sum(axis=0)
            for w in ends
            for shares in [_shares(asked, w, gradient)]
            for batch in batches
        ]
    return ends


def _shares(asked: Asked, w: Floats, gradient: PointGradient) -> Floats:
    return np.array([gradient(w, x, label) for x, label in zip(asked.X, asked.y, strict=True)])


def matching(result: Floats | None, candidates: Sequence[Floats]) -> int | None:
    near = all_matching(result, candidates)
    return near[0] if near else None


def all_matching(result: Floats | None, candidates: Sequence[Floats]) -> list[int]:
    if result is None or not candidates:
        return []
    near = np.isclose(np.array(candidates), result, rtol=1e-6, atol=1e-9).all(axis=1)
    return [int(i) for i in np.flatnonzero(near)]
