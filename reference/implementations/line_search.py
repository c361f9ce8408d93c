"""Line search by bracketing: four points a < b < c < d, and rules that move them towards the minimum.

b and c lie a third and two thirds between a and d. Where a has the smallest loss the other three come half as near;
else d moves to c where b is better than c, and a moves to b where it is not. The answer lies midway between b and c.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from reference.misconceptions import Misconception

Loss: TypeAlias = Callable[[float], float]
Points: TypeAlias = tuple[float, float, float, float]
Between: TypeAlias = Callable[[float, float], tuple[float, float]]


def thirds(a: float, d: float) -> tuple[float, float]:
    return a + (d - a) / 3, a + 2 * (d - a) / 3


@dataclass(frozen=True)
class Rules:
    """The search and the ways in which students change it. A rule that is off never fires."""

    halve: bool = True
    left: bool = True
    right: bool = True
    between: Between = thirds
    better: Callable[[float, float, float, float], bool] = field(default=lambda b, c, loss_b, loss_c: loss_b < loss_c)
    answer: Callable[[Points], float] = field(default=lambda points: (points[1] + points[2]) / 2)
    moved_left: Callable[[Points], float] = field(default=lambda points: points[2])  # the new d
    moved_right: Callable[[Points], float] = field(default=lambda points: points[1])  # the new a


RIGHT = Rules()


def search(
    loss: Loss,
    *,
    thresh: float = 1e-4,
    max_iter: int = 10,
    start: Points = (0.0, 0.33, 0.66, 1.0),
    rules: Rules = RIGHT,
) -> float:
    """The position found."""
    a, b, c, d = start
    for _ in range(max_iter):
        if not abs(b - c) > thresh:
            break
        loss_a, loss_b, loss_c, loss_d = loss(a), loss(b), loss(c), loss(d)
        if rules.halve and loss_a < min(loss_b, loss_c, loss_d):
            b, c, d = b / 2, c / 2, d / 2
        elif rules.better(b, c, loss_b, loss_c):
            if rules.left:
                d = rules.moved_left((a, b, c, d))
                b, c = rules.between(a, d)
        elif rules.right:
            a = rules.moved_right((a, b, c, d))
            b, c = rules.between(a, d)
    return rules.answer((a, b, c, d))


def along(loss: Loss, *, max_dist: float = 0.1, max_iter: int = 15, thresh: float = 1e-5) -> float:
    """The same along a direction, from 0 to `max_dist`: what the material gives for gradient descent."""
    start = (0.0, 0.33 * max_dist, 0.66 * max_dist, max_dist)
    return search(loss, thresh=thresh, max_iter=max_iter, start=start)


@dataclass(frozen=True)
class Valley:
    """A loss with one minimum, at `minimum`, that rises differently on its two sides."""

    minimum: float
    left: float
    right: float
    left_power: float
    right_power: float
    level: float

    def __call__(self, phi: float) -> float:
        off = phi - self.minimum
        below, above = (abs(off) - off) / 2, (abs(off) + off) / 2
        return float(self.level + self.left * below**self.left_power + self.right * above**self.right_power)


def search_valley(*arguments: Any, rules: Rules = RIGHT) -> float:
    """`arguments` are those of Valley and then the options of the call."""
    *shape, options = arguments
    return search(Valley(*shape), rules=rules, **options)


def _wrong(rules: Rules) -> Callable[..., Any]:
    return lambda *arguments: search_valley(*arguments, rules=rules)


LINE_SEARCH = (
    Misconception("placeholder", "The answer is always 1: the last line is still the starter's.", lambda *_: 1.0),
    Misconception(
        "rule-never-fires",
        "Nothing ever moves: none of the rules takes effect, or b and c stay where they are.",
        _wrong(Rules(halve=False, left=False, right=False)),
    ),
    Misconception(
        "rule-2-never-fires",
        "Minima on the left are not found: the rule for b better than c never takes effect.",
        _wrong(Rules(left=False)),
    ),
    Misconception(
        "rule-3-never-fires",
        "Minima on the right are not found: the rule for c better than b never takes effect.",
        _wrong(Rules(right=False)),
    ),
    Misconception(
        "positions-for-losses",
        "The positions b and c are compared; compare the losses there.",
        _wrong(Rules(better=lambda b, c, loss_b, loss_c: b < c)),
    ),
    Misconception(
        "comparison-reversed",
        "The comparison of b and c is reversed: the search runs away from the minimum.",
        _wrong(Rules(better=lambda b, c, loss_b, loss_c: loss_b > loss_c)),
    ),
    Misconception(
        "offset-missing",
        "The new b and c start from 0; they lie between a and d, so `a` must be added.",
        _wrong(Rules(between=lambda a, d: ((d - a) / 3, 2 * (d - a) / 3))),
    ),
    Misconception(
        "sum-for-difference",
        "The new b and c are a third of `a + d`; a third of the way from a to d is meant.",
        _wrong(Rules(between=lambda a, d: ((a + d) / 3, 2 * (a + d) / 3))),
    ),
    Misconception(
        "offset-missing-in-c",
        "`a` is added to the new b, but not to the new c.",
        _wrong(Rules(between=lambda a, d: (a + (d - a) / 3, 2 * (d - a) / 3))),
    ),
    Misconception(
        "wrong-point-moved",
        "Where b is better, d must move to c; here it moves to b, and the minimum can be lost.",
        _wrong(Rules(moved_left=lambda points: points[1])),
    ),
    Misconception(
        "wrong-point-moved",
        "Where c is better, a must move to b; here it moves to c, and the minimum can be lost.",
        _wrong(Rules(moved_right=lambda points: points[2])),
    ),
    Misconception(
        "sum-for-average",
        "The answer is b + c; their average is asked.",
        _wrong(Rules(answer=lambda points: points[1] + points[2])),
    ),
    Misconception(
        "precedence",
        "The answer is b + c/2: mind the parentheses of the average.",
        _wrong(Rules(answer=lambda points: points[1] + points[2] / 2)),
    ),
)
