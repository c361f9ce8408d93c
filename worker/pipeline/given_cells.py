"""Cells that the assignment gave and locked: put back, refused or reported, by the assignment's rule."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nbformat import NotebookNode

from assignments.locked import changes, restore
from assignments.metadata import Package
from assignments.notebooks import read_notebook
from worker.contract import MAX_TEXT
from worker.pipeline.request import Grading
from worker.pipeline.verdicts import printable


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
    staff = printable("Locked cells were changed:\n" + "\n\n".join(change.diff for change in found))[:MAX_TEXT]
    which = f"{len(found)} cell{'s' * (len(found) > 1)} that may not change"
    if locked.rule == "refuse":
        reason = (
            f"The notebook changes {which} (cells that were given). Put them back as in the starter and submit again."
        )
        return Touched(staff, refusal=reason)
    if locked.rule == "report":
        return Touched(staff)
    restore(notebook.cells, starter, found)
    return Touched(
        staff, notice=f"The notebook changes {which}; they were put back as in the starter before it was run."
    )
