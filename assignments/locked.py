"""Cells of the starter that may not change: what became of them in a student's notebook."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

MOST_DIFF = 3_000  # characters of one cell's
ALIKE = 0.6  # of a cell that lost its id (Colab gives new ones) and was changed too


@dataclass(frozen=True)
class Change:
    """`place` is the cell's index in the student's notebook, None where it is gone; `source` is what it should hold."""

    cell_id: str
    place: int | None
    source: str
    diff: str


def changes(starter: Sequence[NotebookNode], student: Sequence[NotebookNode], locked: Sequence[str]) -> list[Change]:
    """The locked cells that differ in more than white space at the ends of lines, in the starter's order."""
    found = []
    for cell in starter:
        if cell.id not in locked:
            continue
        place = _place(cell, student)
        if place is None or _plain(student[place].source) != _plain(cell.source):
            now = "" if place is None else student[place].source
            found.append(Change(cell.id, place, cell.source, _diff(cell.source, now, cell.id)))
    return found


def restore(student: list[NotebookNode], starter: Sequence[NotebookNode], found: Sequence[Change]) -> None:
    """Puts every changed cell back, in place; one that is gone goes behind the cell that it followed."""
    for change in found:
        if change.place is not None:
            student[change.place].source = change.source
    order = [cell.id for cell in starter]
    for change in found:
        if change.place is None:
            index = order.index(change.cell_id)
            before = (_place(cell, student) for cell in reversed(starter[:index]))
            behind = next((place for place in before if place is not None), -1)
            student.insert(behind + 1, NotebookNode(starter[index]))  # type: ignore[no-untyped-call]


def _place(cell: NotebookNode, student: Sequence[NotebookNode]) -> int | None:
    same_kind = [(i, other) for i, other in enumerate(student) if other.cell_type == cell.cell_type]
    for i, other in same_kind:
        if _plain(other.source) == _plain(cell.source):
            return i
    for i, other in same_kind:
        if other.id == cell.id:
            return i
    alike = [(difflib.SequenceMatcher(None, cell.source, o.source).ratio(), -i) for i, o in same_kind if _short(o)]
    best = max(alike, default=(0.0, 0))
    return -best[1] if best[0] >= ALIKE else None


def _short(cell: NotebookNode) -> bool:
    return len(cell.source) < 20_000


def _plain(source: str) -> list[str]:
    return [line.rstrip() for line in source.strip().splitlines()]


def _diff(before: str, now: str, name: str) -> str:
    lines = difflib.unified_diff(_plain(before), _plain(now), f"starter cell {name}", "submitted", lineterm="", n=2)
    return "\n".join(lines)[:MOST_DIFF]
