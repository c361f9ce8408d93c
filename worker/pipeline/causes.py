"""Why a name is missing: the cell that was to define it did not get that far."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from assignments.bindings import bound_names
from worker.contract import CellSummary

_HOW = {
    "error": "stopped with {error} before it",
    "timeout": "ran out of time before it",
    "died": "ended the kernel before it",
    "skipped": "was not run, because the kernel had ended",
}
LONGEST = 200  # characters of an error


def cause_of_absence(
    names: Collection[str], sources: Sequence[tuple[int, str]], summaries: Sequence[CellSummary]
) -> str:
    """A sentence for the student, or "". `sources` are the code cells by their index in the notebook."""
    defining = {index for index, source in sources if bound_names(source) & set(names)}
    if not defining:
        return "Answers are found by their names: use the one that the task gives."
    stopped = [cell for cell in summaries if cell.index in defining and cell.status in _HOW]
    if not stopped:
        return ""
    last = stopped[-1]
    error = " ".join(last.error.split())[:LONGEST].rstrip(": ")
    return f"Cell {last.index + 1}, which is to define it, {_HOW[last.status].format(error=error)}."
