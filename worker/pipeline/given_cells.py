"""Cells that the assignment gave and locked: put back, refused or reported, by the assignment's rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nbformat import NotebookNode

from assignments.locked import Change, changes, is_made_from, restore
from assignments.metadata import Package
from assignments.notebooks import read_notebook
from worker.contract import MAX_TEXT
from worker.pipeline.request import Grading
from worker.pipeline.verdicts import printable

# Cells put into a notebook of another making could run before what they need, or over an answer.
ELSEWHERE = (
    "The notebook was not made from this assignment's starter: no cell of it is there. So the locked cells were not "
    "compared, and none was put back."
)


@dataclass(frozen=True)
class Touched:
    """`staff` shows the differences; `notice` and `refusal` are for the student, at most one of them is set."""

    staff: str = ""
    notice: str = ""
    refusal: str = ""

    def told(self, grading: Grading) -> Grading:
        notices = (*grading.notices, self.notice) if self.notice else grading.notices
        staff = "\n\n".join(filter(None, [grading.staff_text, self.staff]))
        return replace(grading, notices=notices, staff_text=staff)


def touched_cells(package: Package, notebook: NotebookNode) -> Touched:
    """Looks at the locked cells of `notebook`, and puts them back where the rule says so."""
    locked = package.metadata.locked
    if not locked.cells:
        return Touched()
    starter = read_notebook(package.starter_bytes()).cells
    found = changes(starter, notebook.cells, locked.cells)
    if not found:
        return Touched()
    if locked.rule != "refuse" and not is_made_from(starter, notebook.cells):
        return Touched(ELSEWHERE)
    staff = printable("\n\n".join(map(_told, found)))[:MAX_TEXT]
    if locked.rule == "refuse":
        reason = f"The notebook changes {_cells(found)}. Put {_them(found)} back as in the starter and submit again."
        return Touched(staff, refusal=reason)
    changed = [change for change in found if not change.only_added]
    if locked.rule == "report" or not changed:
        return Touched(staff)
    restore(notebook.cells, starter, changed)
    were = "it was" if len(changed) == 1 else "they were"
    notice = f"The notebook changes {_cells(changed)}; {were} put back as in the starter before it was run."
    return Touched(staff, notice=notice)


def _told(change: Change) -> str:
    done = "had lines added, which stay" if change.only_added else "was changed"
    return f"A locked cell {done}:\n{change.diff}"


def _cells(found: Sequence[Change]) -> str:
    return f"{len(found)} cell{'s' * (len(found) > 1)} that may not change (given in the starter)"


def _them(found: Sequence[Change]) -> str:
    return "it" if len(found) == 1 else "them"
