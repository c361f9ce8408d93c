"""Where a run stands, for the live page. Standard library only: the grader reads it."""

from __future__ import annotations

from dataclasses import dataclass

from worker.contract import fields
from worker.contract.message import Message


@dataclass(frozen=True)
class Progress(Message):
    """Where a run stands, for the live page. Sent over Redis, lost without harm."""

    run_id: str
    submission_id: str
    stage: str  # "queued" | "preparing" | "executing" | "checking" | "done"
    cell: int = 0  # code cells begun
    cells: int = 0  # code cells in all
    at: float = 0.0  # unix seconds
    detail: str = ""

    @classmethod
    def from_json(cls, data: object) -> Progress:
        raw = fields.mapping(data, "progress")
        return cls(
            run_id=fields.text(raw, "run_id"),
            submission_id=fields.text(raw, "submission_id"),
            stage=fields.text(raw, "stage"),
            cell=int(fields.number(raw, "cell", low=0, high=1e6)),
            cells=int(fields.number(raw, "cells", low=0, high=1e6)),
            at=fields.number(raw, "at", low=0, high=1e12),
            detail=fields.text(raw, "detail", empty=True),
        )


def progress_channel(submission_id: str) -> str:
    """Redis publish/subscribe channel; the key of the same name holds the latest Progress as JSON for 1 h."""
    return f"progress:{submission_id}"
