"""How long the parts of a run took, told from its progress."""

from __future__ import annotations

import time
from collections.abc import Callable

from telemetry import tracing
from worker.contract import Stage

# The word of the progress with which a part begins.
_BEGINS = {"preparing": Stage.START, "executing": Stage.EXECUTE, "checking": Stage.CHECK}


class StageClock:
    """Hands progress on, and notes when each part began. A part that comes back goes on where it was."""

    def __init__(self, publish: Callable[..., None]) -> None:
        self._publish = publish
        self._began: list[tuple[Stage, int]] = []  # nanoseconds since 1970

    def __call__(self, stage: str, cell: int = 0, cells: int = 0, detail: str = "") -> None:
        found = _BEGINS.get(stage)
        if found is not None and (not self._began or self._began[-1][0] is not found):
            self._began.append((found, time.time_ns()))
        self._publish(stage, cell, cells, detail)

    def end(self, submission_id: str, run_id: str) -> dict[Stage, float]:
        """Seconds of each part that was reached; each becomes a span of the submission's trace too."""
        seconds: dict[Stage, float] = {}
        ends = [began for _, began in self._began[1:]] + [time.time_ns()]
        for (stage, began), ended in zip(self._began, ends, strict=True):
            # The clock of the machine may be set back meanwhile.
            seconds[stage] = seconds.get(stage, 0.0) + max(ended - began, 0) / 1e9
            tracing.record(f"run.{stage.value}", submission_id, began, ended, run=run_id)
        return seconds
