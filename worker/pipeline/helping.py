"""Help for notebooks that were written elsewhere, or run in another order: each is listed in the report.

Nothing here touches an answer: usual imports are made before the first cell, and a cell that needed a name which a
later cell defines runs once more at the end. What the kernel itself helps with (`worker/sandbox/inside/compat.py`)
says so in a cell's output, and is read there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from assignments.bindings import bound_names
from assignments.imports import Forgotten
from assignments.missing_modules import StoppedImport, stopped_import
from worker.contract import CellSummary

MOST_SAID = 12
_SAID = re.compile(r"\[grader\] ([^\n]{1,300})")
_UNDEFINED = re.compile(r"^NameError: name '(\w+)' is not defined")
_NO_MODULE = re.compile(r"^ModuleNotFoundError: No module named '([\w.]+)'")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"\bCell In ?\[\d+\], line (\d+)")


def import_notice(forgotten: Sequence[Forgotten]) -> str:
    lines = ", ".join(f"`{each.statement}`" for each in forgotten)
    return f"Names were used that no cell before had imported; the grader added {lines} in front of the notebook."


def again_notice(index: int, name: str) -> str:
    return f"Cell {index + 1} needs `{name}`, which a later cell defines: it was run once more at the end."


def behind_notice(index: int, stopped: StoppedImport) -> str:
    return f"Cell {index + 1}: `{stopped.statement}` does not work here; what stands behind it was run all the same."


def import_that_stopped(source: str, error: str, outputs: Sequence[Any]) -> StoppedImport | None:
    """The import of a module that is not installed here, at which this code ended, where something stands behind it."""
    found = _NO_MODULE.match(error)
    if found is None:
        return None
    text = "\n".join(str(line) for output in outputs for line in output.get("traceback", ()))
    line = _LINE.search(_COLOUR.sub("", text))  # the outermost: the statement on the top level of the cell
    return stopped_import(source, int(line.group(1)), found.group(1)) if line else None


class OutOfOrder:
    """Which cells can run now that the whole notebook has. `cells` are index and source, one for each summary."""

    def __init__(self, cells: Sequence[tuple[int, str]], summaries: Sequence[CellSummary]) -> None:
        self._cells = cells
        self._summaries = summaries
        ran = [source for (_, source), cell in zip(cells, summaries, strict=True) if cell.status == "ok"]
        self._defined = {name for source in ran for name in bound_names(source)}

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Place among the code cells and the name that was missing; in order, each cell once. What the caller says
        `ran` counts for the cells after it."""
        for place, summary in enumerate(list(self._summaries)):
            found = _UNDEFINED.match(summary.error) if summary.status == "error" else None
            if found and found.group(1) in self._defined:
                yield place, found.group(1)

    def ran(self, place: int) -> None:
        self._defined |= bound_names(self._cells[place][1])


def said_in(cells: Sequence[Any]) -> tuple[str, ...]:
    """What helps said in the outputs, each once. A notebook can print the like; it is shown to its own readers only."""
    said: dict[str, None] = {}
    for cell in cells:
        for output in cell.get("outputs", ()):
            text = output.get("text", "")
            if isinstance(text, str):
                said |= dict.fromkeys(found.strip() for found in _SAID.findall(text))
    return tuple(said)[:MOST_SAID]
