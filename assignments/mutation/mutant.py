"""One wrong answer: the solution with one change."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """`id` names the change by what it changes and not by where that stands, so that it survives unrelated edits.

    `cell` is the position among all cells of the solution, from 0; `line` the line in that cell, from 1; `names` the
    global names that the changed statement binds; `source` the whole cell as it is after the change.
    """

    id: str
    operator: str
    scope: str
    cell: int
    line: int
    names: frozenset[str]
    original: str
    source: str

    @property
    def diff(self) -> str:
        """The lines that differ, old and new."""
        lines = difflib.unified_diff(self.original.splitlines(), self.source.splitlines(), lineterm="", n=0)
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))

    def notebook(self, cells: Any, keep: frozenset[int] | None = None) -> bytes:
        """The solution's `cells` with this change; of the others only those in `keep`, where it is given."""
        changed = [
            {**cell, "source": self.source} if index == self.cell else cell
            for index, cell in enumerate(cells)
            if keep is None or index in keep or index == self.cell
        ]
        return notebook_bytes(changed)


def notebook_bytes(cells: Any) -> bytes:
    """A notebook file of these cells."""
    notebook = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook).encode()
