"""The course total: what of a student's scores it is made of, by the rule of the course. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple


@dataclass(frozen=True)
class TotalRule:
    """`weighted`: by the weights of the assignments, else by their points. `drop_lowest`: how many of a student's
    weakest results are left out. `missing_zero`: what is not there after its due date counts as 0."""

    weighted: bool = False
    drop_lowest: int = 0
    missing_zero: bool = False

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> TotalRule:
        """What a course keeps; keys of another release of the service are passed over."""
        return cls(**{key: value for key, value in (kept or {}).items() if key in cls.__dataclass_fields__})

    def kept(self) -> dict[str, Any]:
        return asdict(self)


class Part(StrEnum):
    """What a result is to the total."""

    COUNTS = "counts"
    MISSING = "missing"  # counts as 0
    DROPPED = "dropped"  # among the weakest, which are left out
    EXCUSED = "excused"
    WAITING = "waiting"  # handed in, without a result yet
    OPEN = "open"  # nothing there, and that costs nothing (yet)
    NO_WEIGHT = "no weight"  # the assignment does not count for anybody

    @property
    def is_in(self) -> bool:
        return self in (Part.COUNTS, Part.MISSING)


class Result(NamedTuple):  # a large course has 20,000, and sorting by total makes them all
    """A student's result for one assignment. `share` is points by most points; None where there is none.

    `waiting`: something is being graded, or could not be through a fault of ours. `overdue`: the student's own
    due date has passed.
    """

    weight: float
    share: float | None = None
    excused: bool = False
    waiting: bool = False
    overdue: bool = False


@dataclass(frozen=True)
class CourseTotal:
    """`percent` is None while nothing counts. `parts`: one for each result, in their order."""

    percent: float | None
    parts: tuple[Part, ...]

    def count(self, part: Part) -> int:
        return self.parts.count(part)


def course_total(rule: TotalRule, results: Sequence[Result]) -> CourseTotal:
    """100 times the mean of the shares that count, each with its weight."""
    parts = [_part(rule, result) for result in results]
    for index in _weakest(rule, results, parts):
        parts[index] = Part.DROPPED
    counted = [(r.weight, r.share or 0.0) for r, part in zip(results, parts, strict=True) if part.is_in]
    weights = sum(weight for weight, _ in counted)
    percent = 100 * sum(weight * share for weight, share in counted) / weights if weights else None
    return CourseTotal(percent, tuple(parts))


def _part(rule: TotalRule, result: Result) -> Part:
    if result.weight <= 0:
        return Part.NO_WEIGHT
    if result.excused:
        return Part.EXCUSED
    if result.share is not None:
        return Part.COUNTS
    if result.waiting:
        return Part.WAITING
    return Part.MISSING if rule.missing_zero and result.overdue else Part.OPEN


def _weakest(rule: TotalRule, results: Sequence[Result], parts: Sequence[Part]) -> list[int]:
    """Which results are left out: those with the smallest shares; among equals the heaviest, which helps the student.

    At least one result always stays.
    """
    found = [index for index, part in enumerate(parts) if part.is_in]
    found.sort(key=lambda index: (results[index].share or 0.0, -results[index].weight, index))
    return found[: max(0, min(rule.drop_lowest, len(found) - 1))]
