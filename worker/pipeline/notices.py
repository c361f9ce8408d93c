"""Remarks to the student about the run as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from worker.contract import CellSummary


def notices(cells: Sequence[CellSummary], death_reason: str, unsafe: bool) -> tuple[str, ...]:
    said = []
    if unsafe:
        said.append("This notebook was executed WITHOUT a sandbox (--unsafe).")
    timeouts = [cell for cell in cells if cell.status == "timeout"]
    errors = [cell for cell in cells if cell.status == "error"]
    skipped = [cell for cell in cells if cell.status == "skipped"]
    if errors:
        first = errors[0]
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        error = first.error.rstrip(": ")
        said.append(f"Cell {first.index + 1} stopped with {error}{more}. The cells after it were run all the same.")
    said.extend(f"Cell {cell.index + 1} ran out of time: {cell.error}." for cell in timeouts)
    if death_reason:
        lost = f" {len(skipped)} later cells were not run." if skipped else ""
        said.append(f"The kernel ended early: {death_reason}.{lost} What ran before it counts.")
    return tuple(said)
