"""A rubric as it is typed: one criterion a line, "points | text"; one comment a line."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from grader.marking.errors import InvalidRubric
from grader.marking.rubrics import MOST_TEXT, Criterion, RubricView

_LINE = re.compile(r"\s*(-?\d+(?:[.,]\d+)?)\s*\|\s*(.+?)\s*")


@dataclass(frozen=True)
class RubricForm:
    criteria: str
    comments: str
    anonymous: bool
    sample_percent: str
    revision: str

    @classmethod
    def of(cls, rubric: RubricView) -> RubricForm:
        return cls(
            criteria="\n".join(f"{c.points:g} | {c.text}" for c in rubric.criteria),
            comments="\n".join(rubric.comments),
            anonymous=rubric.anonymous,
            sample_percent=str(rubric.sample_percent),
            revision=str(rubric.revision),
        )

    @classmethod
    def typed(cls, form: Mapping[str, str]) -> RubricForm:
        return cls(
            criteria=form.get("criteria", "")[:40_000],
            comments=form.get("comments", "")[:40_000],
            anonymous=form.get("anonymous") == "yes",
            sample_percent=form.get("sample_percent", "10").strip()[:5],
            revision=form.get("revision", "0")[:9],
        )

    def rubric(self) -> RubricView:
        """Raises InvalidRubric, which names the line."""
        if not self.sample_percent.isdecimal() or not self.revision.isdecimal():
            raise InvalidRubric("The share that a second marker reads is a whole percentage from 0 to 100.")
        lines = [line for line in self.criteria.splitlines() if line.strip()]
        criteria = tuple(_criterion(number, line) for number, line in enumerate(lines, start=1))
        comments = tuple(line.strip()[:MOST_TEXT] for line in self.comments.splitlines() if line.strip())
        return RubricView(criteria, comments[:100], self.anonymous, int(self.sample_percent), int(self.revision))


def _criterion(number: int, line: str) -> Criterion:
    found = _LINE.fullmatch(line)
    points = float(found.group(1).replace(",", ".")) if found else math.nan
    if found is None or not abs(points) < 1e5:
        raise InvalidRubric(
            f'Criterion {number}, {line.strip()[:60]!r}: write it as "points | text", as in "5 | reason given".'
        )
    return Criterion(f"c{number}", found.group(2)[:MOST_TEXT], points)
