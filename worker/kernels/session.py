"""One student's notebook in one kernel: run its cells, ask for its values, and leave nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from worker.contract import CellSummary, Limits
from worker.environments import Environment
from worker.kernels.cells import CellRunner
from worker.kernels.connection import Connection
from worker.kernels.errors import KernelStartError, SandboxUnavailable
from worker.kernels.exchange import Exchange, Gone, Question, RawReply, TooSlow
from worker.sandbox.orders import KernelOrder, Usage

INTERRUPT_S = 2.0  # so long a cell may take to stop once it is asked to
MAX_ERROR = 500
Answer: TypeAlias = RawReply | TooSlow | Gone

__all__ = [
    "Answer",
    "Gone",
    "KernelStartError",
    "NotebookSession",
    "Question",
    "RawReply",
    "SandboxUnavailable",
    "SessionSpec",
    "TooSlow",
    "Usage",
]


@dataclass(frozen=True)
class SessionSpec:
    environment: Environment
    limits: Limits
    data_files: Mapping[str, Path] = field(default_factory=dict)  # name in the working folder -> file on the host
    unsafe: bool = False
    withheld: tuple[str, ...] = ()  # helps that the assignment turns off


class NotebookSession:
    """`async with NotebookSession(spec) as session:` starts the kernel and in the end removes every trace of it.

    Entering raises SandboxUnavailable or KernelStartError; leaving raises KernelStartError if the kernel was lost
    through a fault of ours. Nothing that the student's code does raises.
    """

    def __init__(self, spec: SessionSpec) -> None:
        self._spec = spec
        self._limits = spec.limits
        self._deadline = float("inf")
        self._spent_s = 0.0
        self._lock = asyncio.Lock()
        self._connection = Connection(self._order, spec.limits.output_mib)
        self._runner: CellRunner | None = None

    def _order(self, sockets: Mapping[str, int], key: bytes, scheme: str) -> KernelOrder:
        spec = self._spec
        data = dict(spec.data_files)
        return KernelOrder(spec.environment, spec.limits, sockets, key, scheme, data, spec.unsafe, spec.withheld)

    async def __aenter__(self) -> NotebookSession:
        try:
            await self._connection.open()
        except BaseException:
            await asyncio.shield(self._connection.close())
            raise
        self._runner = CellRunner(self._connection.manager, self._connection.client, self._connection.process)
        self._deadline = time.monotonic() + self._limits.wall_s
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.shield(self._connection.close())
        if kind is None and self._connection.process.lost:
            raise KernelStartError("The kernel was lost with the warm parent that it was forked from.")

    @property
    def alive(self) -> bool:
        return not self.death_reason

    @property
    def death_reason(self) -> str:
        return self._connection.process.death_reason

    @property
    def usage(self) -> Usage:
        return self._connection.process.usage

    @property
    def student_seconds(self) -> float:
        return self._spent_s

    async def run_cell(self, cell: NotebookNode, index: int) -> CellSummary:
        """Runs one cell; its outputs are left in it. Never raises for what the student's code does."""
        if cell.cell_type != "code" or not cell.source.strip():
            return CellSummary(index, "ok", 0.0)
        async with self._lock:
            if not self._may_go_on():
                cell.outputs = []
                return CellSummary(index, "skipped", 0.0, self.death_reason)
            began = time.monotonic()
            status, error = await self._run(cell, index)
            seconds = time.monotonic() - began
            self._spent_s += seconds
            return CellSummary(index, status, seconds, error[:MAX_ERROR])

    async def _run(self, cell: NotebookNode, index: int) -> tuple[str, str]:
        assert self._runner is not None
        allowed_s = min(self._limits.cell_s, self._left_s())
        task = asyncio.create_task(self._runner.run(cell, index))
        try:
            late = not await self._finished(task, allowed_s, "a cell")
        finally:
            task.cancel()
            await asyncio.wait({task})
        status, error = self._outcome(task)
        if not late:
            return status, error
        self._may_go_on()
        return "timeout", f"it was stopped after {allowed_s:.0f} s"

    async def _finished(self, task: asyncio.Task[object], allowed_s: float, what: str) -> bool:
        """Whether the task was over in time. If not, the kernel is interrupted, and killed if that does not help."""
        if (await asyncio.wait({task}, timeout=allowed_s))[0]:
            return True
        for _ in range(2):  # code that catches the first interrupt often falls for the second
            self._connection.process.interrupt()
            if (await asyncio.wait({task}, timeout=INTERRUPT_S / 2))[0]:
                return False
        self._connection.process.kill(f"{what} went on after its time was over ({allowed_s:.0f} s)")
        await asyncio.wait({task}, timeout=INTERRUPT_S)
        return False

    def _outcome(self, task: asyncio.Task[dict[str, object]]) -> tuple[str, str]:
        if task.cancelled():
            return "died", self.death_reason
        problem = task.exception()
        if problem is None:
            reply = task.result()
            if reply.get("status") == "ok":
                return "ok", ""
            return "error", f"{reply.get('ename', 'Error')}: {reply.get('evalue', '')}"
        if not isinstance(problem, DeadKernelError):  # a forged message led nbclient astray
            self._connection.process.kill("the kernel sent a malformed message")
        return "died", self.death_reason

    async def ask(self, questions: Sequence[Question], timeout_s: float | None = None) -> list[Answer]:
        """The kernel's replies in order, as bytes that nobody has looked at. `timeout_s` is for each question."""
        allowed_s = self._limits.call_s if timeout_s is None else timeout_s
        async with self._lock, self._connection.exchange() as exchange:
            began = time.monotonic()
            stuck: set[str] = set()
            replies: list[Answer] = []
            try:
                for question in questions:
                    if question.name in stuck:  # once is enough: nobody waits for each of ten calls
                        replies.append(TooSlow(allowed_s))
                        continue
                    replies.append(await self._answer(exchange, question, allowed_s))
                    if isinstance(replies[-1], TooSlow):
                        stuck.add(question.name)
                return replies
            finally:
                self._spent_s += time.monotonic() - began

    async def _answer(self, exchange: Exchange, question: Question, allowed_s: float) -> Answer:
        if not self._may_go_on():
            return Gone(self.death_reason)
        task = asyncio.create_task(exchange.answer(question))
        try:
            in_time = await self._finished(task, min(allowed_s, self._left_s()), f"answering for `{question.name}`")
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not in_time:
            return TooSlow(allowed_s) if self._may_go_on() or self._left_s() > 0 else Gone(self.death_reason)
        return task.result()

    def _left_s(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _may_go_on(self) -> bool:
        if self.alive and self._left_s() <= 0:
            self._connection.process.kill(f"the notebook used its whole time of {self._limits.wall_s:.0f} s")
        return self.alive
