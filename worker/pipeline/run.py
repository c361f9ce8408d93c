"""The pipeline: read the notebook, execute its cells, ask for values, let the checks compare.

Everything that the kernel says is a claim; only the checks, on this side, decide. Whatever happens to the
kernel, what was established before it happened counts.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
import traceback
from dataclasses import replace
from typing import Any, Protocol

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from assignments.attempts import is_attempted, not_attempted_message
from assignments.bindings import bound_names
from assignments.imports import forgotten_imports
from assignments.metadata import CheckSpec
from assignments.notebooks import NotebookLimits, NotebookRejected, read_notebook
from assignments.outcome import Conclusion, Outcome
from worker.checker.checks import Checks, Moment
from worker.checker.errors import CheckBroken, CheckerLost, ChecksUnusable
from worker.contract import CellSummary, CheckResult, Failure, GradeStatus, Seconds
from worker.environments import Environment
from worker.gpu.use import NoGpu, environment_for, require_well_device
from worker.kernels.session import KernelStartError, NotebookSession, SessionSpec
from worker.pipeline.ask import KernelRelay
from worker.pipeline.causes import cause_of_absence
from worker.pipeline.executed import written
from worker.pipeline.given_cells import touched_cells
from worker.pipeline.helping import (
    OutOfOrder,
    again_notice,
    behind_notice,
    import_notice,
    import_that_stopped,
    said_in,
)
from worker.pipeline.moments import END, Moments, Watch, plan
from worker.pipeline.notices import notices
from worker.pipeline.request import GradeRequest, Grading, failed
from worker.pipeline.verdicts import best, printable, to_result, unavailable
from worker.sandbox.errors import SandboxUnavailable

log = logging.getLogger(__name__)


class ProgressSink(Protocol):
    def __call__(self, stage: str, cell: int = 0, cells: int = 0, detail: str = "") -> None: ...


def grade_sync(request: GradeRequest, progress: ProgressSink) -> Grading:
    """`grade` for callers without an event loop."""
    return asyncio.run(grade(request, progress))


async def grade(request: GradeRequest, progress: ProgressSink) -> Grading:
    """Grade one notebook. Never raises for what the notebook does; a fault of ours is a `failed` grading."""
    began = time.perf_counter()
    try:
        notebook = read_notebook(request.notebook, NotebookLimits(bytes_most=request.max_notebook_bytes))
    except NotebookRejected as error:
        grading = Grading(status=GradeStatus.REJECTED, reason=error.reason)
    else:
        touched = touched_cells(request.package.package, notebook)
        if touched.refusal:
            possible = request.package.metadata.max_score
            return Grading(GradeStatus.REJECTED, reason=touched.refusal, staff_text=touched.staff, possible=possible)
        try:
            grading = touched.told(await NotebookRun(request, notebook, progress).grade())
        except NoGpu as error:
            grading = failed(f"No GPU: {error.reason} To mend it: {error.fix}", Failure.GPU)
        except SandboxUnavailable as error:
            grading = failed(f"No sandbox: {error.reason} To mend it: {error.fix}", Failure.SANDBOX)
        except KernelStartError as error:
            grading = failed(f"The kernel did not start: {error}", Failure.KERNEL)
        except ChecksUnusable as error:
            slug = request.package.package.slug
            grading = failed(f"Assignment {slug!r} cannot be loaded: {error}", Failure.ASSIGNMENT)
        except CheckerLost as error:
            grading = failed(f"The checks could not be carried out: {error}", Failure.CHECKER)
        except Exception:  # the boundary: one broken run must not take the worker with it
            log.exception("grading failed")
            grading = failed(traceback.format_exc(limit=-8))
    total = time.perf_counter() - began
    execute = min(grading.seconds.execute, total)
    seconds = Seconds(total, execute, total - execute)
    return replace(grading, seconds=seconds, possible=request.package.metadata.max_score)


class NotebookRun:
    """One notebook in one kernel."""

    def __init__(self, request: GradeRequest, notebook: Any, progress: ProgressSink) -> None:
        self.request = request
        self.progress = progress
        self.helps = request.package.metadata.helps
        self.notebook = notebook
        self.cells = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        self.checks = {check.key: check for check in request.package.checks}
        self.outcomes: dict[str, list[Outcome]] = {key: [] for key in self.checks}
        self.broken: dict[str, str] = {}
        self.summaries: list[CellSummary] = []
        self.helped: list[str] = []
        self.seed = secrets.randbits(128) if request.seed is None else request.seed
        self.number = 0  # of checks carried out; each has random numbers of its own
        self.environment = request.environment
        self._skip_not_attempted()

    async def grade(self) -> Grading:
        self.environment = self._environment()
        spec = SessionSpec(
            environment=self.environment,
            limits=self.request.limits,
            data_files=self.request.package.metadata.data_files,
            unsafe=self.request.unsafe,
            withheld=self.request.package.metadata.withheld,
            closes_later=True,
        )
        moments = self._moments()
        session = NotebookSession(spec)
        async with Checks(self.request.package, unsafe=self.request.unsafe) as self.checker, session:
            await self._import_forgotten(session)
            await self._execute(session, moments)
            await self.checker.ready()  # so that checks that cannot be loaded are told, also where none is due
            self.progress("checking", len(self.cells), len(self.cells))
            await self._run_checks(session, moments.at(END))
            await self._run_again(session, moments)
            death_reason = session.death_reason  # read before we end the kernel ourselves
        require_well_device()
        usage = session.usage
        return Grading(
            status=GradeStatus.GRADED,
            checks=self._results(),
            seconds=Seconds(0.0, session.student_seconds, 0.0),
            cells=tuple(self.summaries),
            notices=self._notices(death_reason),
            peak_memory_mib=usage.peak_memory_mib,
            executed=written(self.notebook),
            staff_text="\n\n".join(f"{key}: {text}" for key, text in self.broken.items()),
        )

    def _environment(self) -> Environment:
        metadata = self.request.package.metadata
        device = self.request.device or metadata.device
        return environment_for(self.request.environment, device, metadata.gpu_memory_mib)

    def _skip_not_attempted(self) -> None:
        student = [cell.source for _, cell in self.cells]
        for key, check in self.checks.items():
            watches = check.watches
            if _by_name(check) and not is_attempted(self.request.package.starter_sources, student, watches):
                message = not_attempted_message(watches)
                self.outcomes[key].append(Outcome(Conclusion.MISSING, 0.0, message, "not-attempted"))

    def _moments(self) -> Moments:
        watches = [
            Watch(key, frozenset(check.watches) if _by_name(check) else frozenset(), check.counts)
            for key, check in self.checks.items()
            if not self.outcomes[key]
        ]
        return plan(watches, [(i, frozenset(bound_names(cell.source))) for i, cell in self.cells])

    async def _execute(self, session: NotebookSession, moments: Moments) -> None:
        for position, (index, cell) in enumerate(self.cells, start=1):
            self.progress("executing", position, len(self.cells))
            summary = await session.run_cell(cell, index)
            self.summaries.append(replace(summary, error=printable(summary.error)))
            await self._go_on_behind_imports(session, cell, summary)
            await self._run_checks(session, moments.at(index))

    async def _go_on_behind_imports(self, session: NotebookSession, cell: NotebookNode, summary: CellSummary) -> None:
        """The cell counts as stopped, and the help is listed; each round's code is shorter than the one before."""
        part, error = cell, summary.error
        while self.helps.imports and (stopped := import_that_stopped(part.source, error, part.get("outputs", ()))):
            self.helped.append(behind_notice(summary.index, stopped))
            part = new_code_cell(stopped.rest)  # type: ignore[no-untyped-call]
            error = (await session.run_cell(part, summary.index)).error
            cell.outputs += part.outputs

    async def _import_forgotten(self, session: NotebookSession) -> None:
        forgotten = forgotten_imports([cell.source for _, cell in self.cells]) if self.helps.imports else []
        if forgotten:
            cell = new_code_cell("\n".join(each.statement for each in forgotten))  # type: ignore[no-untyped-call]
            await session.run_cell(cell, len(self.notebook.cells))
            self.helped.append(import_notice(forgotten))

    async def _run_again(self, session: NotebookSession, moments: Moments) -> None:
        """After all checks: what runs now can add to what is known of the answers, and takes nothing away."""
        if not self.helps.again:
            return
        waiting = OutOfOrder([(index, cell.source) for index, cell in self.cells], self.summaries)
        keys: dict[str, None] = {}
        for place, name in waiting:
            if not session.alive:
                return
            index, cell = self.cells[place]
            summary = await session.run_cell(cell, index)
            self.summaries[place] = replace(summary, error=printable(summary.error))
            self.helped.append(again_notice(index, name))
            if summary.status == "ok":
                waiting.ran(place)
            await self._run_checks(session, moments.at(index))
            keys |= dict.fromkeys(moments.at(END))
        await self._run_checks(session, tuple(keys))

    def _notices(self, death_reason: str) -> tuple[str, ...]:
        helped = [*self.helped, *said_in([cell for _, cell in self.cells])]
        about = notices(self.summaries, death_reason, self.request.unsafe)
        return (*about, *(f"Help: {printable(text)}" for text in helped))

    async def _run_checks(self, session: NotebookSession, keys: tuple[str, ...]) -> None:
        for key in keys:
            if not any(outcome.conclusion is Conclusion.PASSED for outcome in self.outcomes[key]):
                await self._run_check(key, session)

    async def _run_check(self, key: str, session: NotebookSession) -> None:
        moment = Moment(
            entropy=self.seed,
            number=self.number,
            asked=KernelRelay(session),
            answers=self.request.answers,
            gone=session.death_reason,
            device="cpu" if self.environment.gpu is None else "cuda",
        )
        self.number += 1
        try:
            self.outcomes[key].append(await self.checker.run(key, moment))
        except CheckBroken as error:
            log.error("check %s of %s: %s", key, self.request.package.package.slug, error)
            self.broken[key] = str(error)

    def _results(self) -> tuple[CheckResult, ...]:
        return tuple(self._result(spec) for spec in self.request.package.metadata.checks)

    def _result(self, spec: CheckSpec) -> CheckResult:
        key = spec.key
        if spec.kind == "manual":
            waiting = Outcome(Conclusion.MANUAL, 0.0, "This question is marked by a person; its points follow later.")
            return to_result(key, spec.title, spec.points, waiting)
        outcomes = self.outcomes[key]
        passed = any(outcome.conclusion is Conclusion.PASSED for outcome in outcomes)
        if key in self.broken and not passed:
            return unavailable(key, spec.title, spec.points, self.broken[key])
        return to_result(key, spec.title, spec.points, self._with_cause(spec, best(outcomes)))

    def _with_cause(self, spec: CheckSpec, outcome: Outcome) -> Outcome:
        if outcome.conclusion is not Conclusion.MISSING or outcome.diagnosis is not None or not spec.watches:
            return outcome
        sources = [(index, cell.source) for index, cell in self.cells]
        cause = cause_of_absence(spec.watches, sources, self.summaries)
        return replace(outcome, message=f"{outcome.message} {cause}".strip())


def _by_name(check: CheckSpec) -> bool:
    return check.kind in {"function", "variable"}
