"""Notebooks from plain text, and the starter from the solution.

In the text `# %%` begins a code cell and `# %% [markdown]` a text cell. Lines between `# BEGIN SOLUTION` and
`# END SOLUTION` are the answer; lines that begin with `# STARTER:` stand in the starter in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

_CELL = re.compile(r"^# %%(?P<markdown> \[markdown\])?\s*$")
_BEGIN = re.compile(r"^\s*#+\s*BEGIN SOLUTION\s*$")
_END = re.compile(r"^\s*#+\s*END SOLUTION\s*$")
_STARTER = re.compile(r"^(\s*)# STARTER: ?(.*)$")

Cell = tuple[str, str]  # "code" or "markdown", and the source


class MarkerError(ValueError):
    """BEGIN SOLUTION and END SOLUTION do not belong together. The text names the cell and the line."""


def cells_of_text(text: str) -> list[Cell]:
    """The cells of a text with `# %%` lines."""
    cells: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        match = _CELL.match(line)
        if match:
            cells.append(("markdown" if match.group("markdown") else "code", []))
        elif cells:
            cells[-1][1].append(line)
    return [(kind, "\n".join(lines).strip("\n")) for kind, lines in cells]


def has_markers(cells: Iterable[Cell]) -> bool:
    return any(_BEGIN.match(line) for _, source in cells for line in source.splitlines())


def starter_of(cells: Sequence[Cell]) -> list[Cell]:
    """What students get: the answers taken out. Raises MarkerError."""
    return [(kind, _marked(source, number, answer=False)) for number, (kind, source) in enumerate(cells, start=1)]


def solution_of(cells: Sequence[Cell]) -> list[Cell]:
    """What earns every point: the markers taken out. Raises MarkerError."""
    return [(kind, _marked(source, number, answer=True)) for number, (kind, source) in enumerate(cells, start=1)]


def _marked(source: str, cell: int, *, answer: bool) -> str:
    kept: list[str] = []
    inside = False
    for number, line in enumerate(source.splitlines(), start=1):
        if _BEGIN.match(line) or _END.match(line):
            begins = bool(_BEGIN.match(line))
            if begins == inside:
                what = "BEGIN SOLUTION inside another one" if inside else "END SOLUTION without BEGIN SOLUTION"
                raise MarkerError(f"cell {cell}, line {number}: {what}")
            inside = begins
            continue
        starter = _STARTER.match(line)
        if starter:
            if not answer:
                kept.append(starter.group(1) + starter.group(2))
        elif answer or not inside:
            kept.append(line)
    if inside:
        raise MarkerError(f"cell {cell}: BEGIN SOLUTION without END SOLUTION")
    return "\n".join(kept)


def notebook_text(cells: Sequence[Cell]) -> str:
    """The notebook file, formatted so that changes of it can be read."""
    written: list[dict[str, Any]] = []
    for number, (kind, source) in enumerate(cells):
        cell: dict[str, Any] = {"cell_type": kind, "id": f"c-{number:02}", "metadata": {}}
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        written.append(cell | {"source": source.splitlines(keepends=True)})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook = {"cells": written, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
