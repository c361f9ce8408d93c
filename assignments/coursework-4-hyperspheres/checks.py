"""Coursework 4: three functions on fresh inputs, and the three numbers that are handed in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assignments.vocabulary import (
    Ask,
    FunctionTask,
    Outcome,
    Part,
    SecondChance,
    Setting,
    Trial,
    Tried,
    check,
    judge_answer,
    judge_function,
)
from reference.comparators.typed_numbers import KnownWrong
from reference.frozen import frozen
from reference.implementations import hypersphere
from reference.relations import Diagnosis


def self_distance(tried: Sequence[Tried]) -> Diagnosis | None:
    """Largest over zero, or over the round-off that x² + y² - 2xy leaves of zero."""

    def divided_by_nothing(t: Tried) -> bool:
        if t.comparison is None:
            return getattr(t.reply, "exception", "") == "ZeroDivisionError"
        if t.comparison.diagnosis == "infinite":
            return True
        numbers = t.comparison.numbers
        return numbers is not None and numbers.size == 1 and float(numbers.ravel()[0]) > 1e4 * float(t.want)

    if not all(divided_by_nothing(t) for t in tried):
        return None
    sentence = "The distance of a point to itself is still among the distances: the smallest is then (almost) zero."
    return Diagnosis("self-distance", sentence)


DISTANCE_RATIO = FunctionTask(
    function="distance_ratio",
    parameters=("x",),
    reference=hypersphere.distance_ratio,
    misconceptions=hypersphere.DISTANCE_RATIO,
    placeholder=1.0,
    notebook_globals={"x": ("x_2D", "x_100D", "x_1000D")},
    recognise=self_distance,
)

VOLUME = FunctionTask(
    function="volume_of_hypersphere",
    parameters=("diameter", "dimensions"),
    reference=hypersphere.volume_of_hypersphere,
    misconceptions=hypersphere.VOLUME,
    credit={"whole-division": 0.4},
    placeholder=1.0,
    notebook_globals={"diameter": ("diameter",), "dimensions": ("c_dim",)},
)

# A volume that is right but for a factor of its dimension: enough for a proportion, and no answer to part (b).
OTHER_VOLUME = """
def volume_of_hypersphere(diameter, dimensions):
    return 3.0 / (2.0 + dimensions) * diameter ** dimensions
"""

OUTER = FunctionTask(
    function="get_prop_of_volume_in_outer_1_percent",
    parameters=("dimension",),
    reference=hypersphere.prop_of_volume_in_outer_1_percent,
    parts=(Part("low", 0.8, "up to 150 dimensions"), Part("high", 0.2, "above 150 dimensions")),
    misconceptions=hypersphere.OUTER_1_PERCENT,
    credit={"percentage": 1 / 3},
    placeholder=1.0,
    notebook_globals={"dimension": ("c_dim",)},
    settings=(
        Setting(),
        Setting(
            given=OTHER_VOLUME,
            note="Graded with another volume function in place of your `volume_of_hypersphere`, so that a mistake "
            "there does not count twice.",
        ),
    ),
)


@check("distance_ratio")
def distance_ratio(ask: Ask) -> Outcome:
    sizes = [(2, 40), (3, 25), (60, 30), (25, 12)]
    trials = [
        Trial(
            (points(ask.rng, *size, special),),
            f"on points in {'few' if size[0] < 10 else 'many'} dimensions",
        )
        for size, special in zip(sizes, (-1, 0, 0, -1), strict=True)
    ]

    def of_the_notebook() -> list[Trial]:
        return [Trial((points(ask.rng, dimensions, 1000, special),)) for dimensions, special in ((2, -1), (100, 0))]

    note = "Note: the function works for exactly 1000 points only; take their number from `x`."
    # "It must work for any sensible input and not only for the ones in this notebook", says the task.
    return judge_function(ask, DISTANCE_RATIO, trials, SecondChance(of_the_notebook, note, fraction=0.8))


@check("volume_of_hypersphere")
def volume_of_hypersphere(ask: Ask) -> Outcome:
    dimensions = [1, 2, 3, 10, *(int(d) for d in ask.rng.choice([4, 5, 6, 7, 8, 9, 11, 12], 4, replace=False))]
    trials = [
        Trial((diameter(ask.rng), d), f"in an {'odd' if d % 2 else 'even'} number of dimensions") for d in dimensions
    ]
    return judge_function(ask, VOLUME, trials)


@check("get_prop_of_volume_in_outer_1_percent")
def outer_1_percent(ask: Ask) -> Outcome:
    low = [1, 2, *(int(ask.rng.integers(*between)) for between in ((3, 20), (20, 80), (80, 151)))]
    high = [int(ask.rng.integers(160, 250)), 300]
    trials = [Trial((d,), "up to 150 dimensions", "low") for d in low]
    trials += [Trial((d,), "above 150 dimensions", "high") for d in high]
    return judge_function(ask, OUTER, trials)


@check("ratio_1000d")
def ratio_1000d(ask: Ask) -> Outcome:
    wrong = (
        KnownWrong("other-dimension", frozen("hypersphere", "ratio_2d"), "This is the ratio in 2 dimensions."),
        KnownWrong("other-dimension", frozen("hypersphere", "ratio_100d"), "This is the ratio in 100 dimensions."),
        KnownWrong(
            "squared-distances",
            frozen("hypersphere", "ratio_1000d") ** 2,
            "This is the ratio of squared distances: a square root is missing.",
        ),
        KnownWrong(
            "smallest-over-largest",
            1 / frozen("hypersphere", "ratio_1000d"),
            "The ratio is upside down: largest over smallest is asked.",
        ),
    )
    return judge_answer(ask, "ratio_1000d", frozen("hypersphere", "ratio_1000d"), decimals=3, known_wrong=wrong)


@check("volume_10d")
def volume_10d(ask: Ask) -> Outcome:
    by_mistake = {known.key: known for known in hypersphere.VOLUME}
    wrong = [
        KnownWrong(key, float(by_mistake[key].wrong(1.0, 10)), by_mistake[key].sentence)
        for key in ("diameter-for-radius", "pi-to-the-dimension", "gamma-without-one", "gamma-missing")
    ]
    return judge_answer(ask, "volume_10d", frozen("hypersphere", "volume_10d"), decimals=3, known_wrong=wrong)


@check("outer_1_percent_300d")
def outer_1_percent_300d(ask: Ask) -> Outcome:
    by_mistake = {known.key: known for known in hypersphere.OUTER_1_PERCENT}
    wrong = [
        KnownWrong(key, float(by_mistake[key].wrong(300)), by_mistake[key].sentence)
        for key in ("inner-for-outer", "multiplied-for-power", "outer-over-inner")
    ]
    wrong += [
        KnownWrong("other-dimension", 1 - 0.99**d, f"This is the proportion in {d} dimensions.")
        for d in (100, 150, 200, 250)
    ]
    right = frozen("hypersphere", "outer_300d")
    return judge_answer(ask, "outer_1_percent_300d", right, decimals=3, known_wrong=wrong)


def points(rng: np.random.Generator, dimensions: int, count: int, special: int) -> np.ndarray:
    """(dimensions, count), off centre and with a scale of its own for every row.

    The column `special`, the first (0) or the last (-1), is moved so that the smallest and the largest distance both
    have to do with it: a function that drops a point is found out. Its partners are not its neighbours.
    """
    scale = rng.uniform(0.8, 1.6, size=(dimensions, 1))
    offset = rng.uniform(-1.5, 1.5, size=(dimensions, 1))
    x = offset + scale * rng.normal(size=(dimensions, count))
    near, far = (int(i) for i in rng.choice(np.arange(2, count - 2), 2, replace=False))
    direction = rng.normal(size=dimensions)
    direction /= np.linalg.norm(direction)
    distances = hypersphere.pair_distances(x)
    x[:, special] = x[:, near] + direction * distances.min() * 0.6
    x[:, far] = x[:, special] - direction * distances.max() * 1.5
    return x


def diameter(rng: np.random.Generator) -> float:
    """Neither 1, which the notebook uses, nor 2, where the radius is 1 and its power hides."""
    low, high = [(0.4, 0.9), (1.15, 1.8), (2.2, 2.9)][int(rng.integers(3))]
    return float(rng.uniform(low, high))
