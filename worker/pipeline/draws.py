"""One notebook under many draws: do verdicts and diagnoses hang on the inputs that are drawn?

The notebook is executed once, and at each moment every check is carried out once for each draw. So many draws cost
little more than one, and each gets what a run with its seed gets, unless the student's functions keep a memory of
their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assignments.notebooks import NotebookLimits, NotebookRejected, read_notebook
from assignments.outcome import Outcome
from worker.contract import GradeStatus
from worker.kernels.session import NotebookSession
from worker.pipeline.given_cells import touched_cells
from worker.pipeline.request import GradeRequest, Grading
from worker.pipeline.run import NotebookRun, grade_sync

MOST_WALL_S = 3600.0  # for all draws of one notebook; the sandbox's policy allows no run without end


@dataclass
class Draw:
    """What the checks concluded under one seed."""

    seed: int
    outcomes: dict[str, list[Outcome]]
    broken: dict[str, str] = field(default_factory=dict)
    number: int = 0


def grade_draws(request: GradeRequest, seeds: Sequence[int]) -> list[Grading]:
    """One grading for each seed, in their order. Raises SandboxUnavailable, KernelStartError and what else is a fault
    of ours: this is no way to grade a submission."""
    try:
        notebook = read_notebook(request.notebook, NotebookLimits(bytes_most=request.max_notebook_bytes))
        touched = touched_cells(request.package.package, notebook)
    except NotebookRejected:
        return [grade_sync(request, _silent)] * len(seeds)
    if touched.refusal:
        return [grade_sync(request, _silent)] * len(seeds)
    wall_s = max(request.limits.wall_s, min(request.limits.wall_s * len(seeds), MOST_WALL_S))
    limits = replace(request.limits, wall_s=wall_s)
    run = _ManyDraws(replace(request, limits=limits), notebook, seeds)
    gradings = asyncio.run(run.grade_all())
    return [touched.told(grading) for grading in gradings]


class _ManyDraws(NotebookRun):
    def __init__(self, request: GradeRequest, notebook: Any, seeds: Sequence[int]) -> None:
        super().__init__(request, notebook, _silent)
        begun = self.outcomes
        self.draws = [Draw(seed, {key: list(outcomes) for key, outcomes in begun.items()}) for seed in seeds]

    async def grade_all(self) -> list[Grading]:
        grading = await self.grade()
        gradings = []
        for draw in self.draws:
            self._take(draw)
            broken = "\n\n".join(f"{key}: {text}" for key, text in draw.broken.items())
            gradings.append(replace(grading, status=GradeStatus.GRADED, checks=self._results(), staff_text=broken))
        return gradings

    async def _run_checks(self, session: NotebookSession, keys: tuple[str, ...]) -> None:
        for draw in self.draws:
            self._take(draw)
            await super()._run_checks(session, keys)
            draw.number = self.number

    def _take(self, draw: Draw) -> None:
        self.seed, self.outcomes, self.broken, self.number = draw.seed, draw.outcomes, draw.broken, draw.number


def _silent(stage: str, cell: int = 0, cells: int = 0, detail: str = "") -> None:
    """Nobody watches."""
