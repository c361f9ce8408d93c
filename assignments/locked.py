"""Cells of the starter that may not change: what became of them in a student's notebook.

Lines that a student added before or behind those of a cell are told, and stay: they could as well stand in a cell of
their own, and may be an answer.
"""

from __future__ import annotations

import ast
import difflib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from assignments.attempts import same_code
from assignments.bindings import statements, strip_magics

MOST_DIFF = 3_000  # characters of one cell's
ALIKE = 0.6  # of a cell that lost its id (Colab gives new ones) and was changed too
ALIKE_BY_ID = 0.3  # of a cell with the right id
MOST_COMPARED = 200  # cells, in more than their text: comparing takes milliseconds for each


@dataclass(frozen=True)
class Change:
    """`place` is the cell's index in the student's notebook, None where it is gone; `source` is what it should hold.
    `only_added`: it does, with more lines before or behind."""

    cell_id: str
    place: int | None
    source: str
    diff: str
    only_added: bool = False


def changes(starter: Sequence[NotebookNode], student: Sequence[NotebookNode], locked: Sequence[str]) -> list[Change]:
    """The locked cells that differ in more than white space and comments, in the starter's order. One that became part
    of a far larger cell does not differ."""
    found = []
    for cell in starter:
        if cell.id not in locked:
            continue
        place = _place(cell, student)
        now = None if place is None else student[place]
        held = now is not None and _holds(now, cell)
        if now is not None and held and (_holds(cell, now) or not _is_that(cell, now)):
            continue
        found.append(Change(cell.id, place, cell.source, _diff(cell, now), only_added=held))
    return found


def is_made_from(starter: Sequence[NotebookNode], student: Sequence[NotebookNode]) -> bool:
    """Is any code cell of the starter there, by its id or by what it does? Imports are the same in many notebooks."""
    own = [cell for cell in starter if cell.cell_type == "code" and not _only_imports(cell.source)]
    ids = {cell.id for cell in own}
    code = [cell for cell in student if cell.cell_type == "code"]
    if any(cell.id in ids for cell in code):
        return True
    return any(_holds(cell, given) for given in own for cell in code[:MOST_COMPARED])


def restore(student: list[NotebookNode], starter: Sequence[NotebookNode], found: Sequence[Change]) -> None:
    """Puts every changed cell back, in place; one that is gone goes between those that it stood between."""
    for change in found:
        if change.place is not None and not change.only_added:
            student[change.place].source = change.source
    order = [cell.id for cell in starter]
    for change in found:
        if change.place is None:
            index = order.index(change.cell_id)
            student.insert(_gap(starter, index, student), NotebookNode(starter[index]))  # type: ignore[no-untyped-call]


def _gap(starter: Sequence[NotebookNode], index: int, student: Sequence[NotebookNode]) -> int:
    """Where the starter's cell at `index` goes: behind the last one before it that is there, else before the next."""
    before = (_place(cell, student) for cell in reversed(starter[:index]))
    behind = next((place for place in before if place is not None), None)
    if behind is not None:
        return behind + 1
    after = (_place(cell, student) for cell in starter[index + 1 :])
    return next((place for place in after if place is not None), len(student))


def _place(cell: NotebookNode, student: Sequence[NotebookNode]) -> int | None:
    """Ids alone are not believed: notebooks of another making count their cells alike."""
    same_kind = [(i, other) for i, other in enumerate(student) if other.cell_type == cell.cell_type]
    compared = same_kind[:MOST_COMPARED]
    for i, other in compared:
        if _holds(other, cell):
            return i
    alike = [(_likeness(cell, other, ALIKE), -i) for i, other in compared]
    best = max(alike, default=(0.0, 0))
    if best[0] >= ALIKE:
        return -best[1]
    same_id = (i for i, other in same_kind if other.id == cell.id and _is_that(cell, other))
    same_text = (i for i, other in same_kind if _plain(other.source) == _plain(cell.source))
    return next(itertools.chain(same_text, same_id), None)


def _is_that(cell: NotebookNode, other: NotebookNode) -> bool:
    least = ALIKE_BY_ID if other.id == cell.id else ALIKE
    return _likeness(cell, other, least) >= least


def _likeness(cell: NotebookNode, other: NotebookNode, least: float) -> float:
    """From 0 to 1; 0 where it is surely below `least`, which is known sooner."""
    if not _short(other):
        return 0.0
    matcher = difflib.SequenceMatcher(None, cell.source, other.source)
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    return matcher.ratio()


def _holds(cell: NotebookNode, given: NotebookNode) -> bool:
    """Does the one have what the other has, without anything in between?"""
    if _plain(cell.source) == _plain(given.source):
        return True
    if cell.cell_type != "code" or strip_magics(given.source) != given.source:
        return False  # what a magic does, no syntax tree says
    wanted, there = _statements(given.source), _statements(cell.source) if _short(cell) else []
    starts = range(len(there) - len(wanted) + 1) if wanted else ()
    return any(all(map(same_code, wanted, there[start:])) for start in starts)


def _statements(source: str) -> list[ast.stmt]:
    return [statement for statement, _ in statements(source) or ()]


def _only_imports(source: str) -> bool:
    return all(isinstance(statement, ast.Import | ast.ImportFrom) for statement in _statements(source))


def _short(cell: NotebookNode) -> bool:
    return len(cell.source) < 20_000


def _plain(source: str) -> list[str]:
    return [line.rstrip() for line in source.strip().splitlines()]


def _diff(cell: NotebookNode, now: NotebookNode | None) -> str:
    before, after = _plain(cell.source), _plain(now.source) if now is not None else []
    lines = difflib.unified_diff(before, after, f"starter cell {cell.id}", "submitted", lineterm="", n=2)
    return "\n".join(lines)[:MOST_DIFF]
