"""One thing that the linter has to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assignments.errors import PackageError
from assignments.metadata import Package

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True)
class Remark:
    """`rule` is a stable name; `line` counts from 1; `cell` from 1, of a notebook; `advice` says what to do."""

    severity: str
    rule: str
    path: Path
    text: str
    line: int | None = None
    cell: int | None = None
    key: str = ""
    advice: str = ""

    @property
    def where(self) -> str:
        """`checks.py:12`, `starter.ipynb, cell 4`."""
        place = f"{self.path}:{self.line}" if self.line is not None else str(self.path)
        return f"{place}, cell {self.cell}" if self.cell is not None else place


@dataclass(frozen=True)
class Draft:
    """What the rules look at. `lines` maps keys of assignment.toml to lines; notebooks are lists of cells."""

    package: Package
    lines: Mapping[tuple[str | int, ...], int]
    starter: Sequence[Any]
    solution: Sequence[Any]


def of_error(error: PackageError, rule: str) -> Remark:
    """A package that cannot be used, as a remark."""
    problem, _, advice = error.problem.partition("; did you mean ")
    return Remark(
        ERROR,
        rule,
        error.path,
        problem,
        line=error.line,
        key=error.key,
        advice=f"did you mean {advice}" if advice else "",
    )
