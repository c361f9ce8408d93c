"""One student's notebook in one kernel: run its cells, ask for its values, and leave nothing behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

from nbformat import NotebookNode

from worker.contract import CellSummary, Limits
from worker.environments import Environment
from worker.kernels.cells import CellRunner
from worker.kernels.connection import Connection
from worker.kernels.errors import KernelStartError, SandboxUnavailable
from worker.kernels.exchange import Gone, Question, RawReply, TooSlow
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
    withheld: tuple[str, ...] = ()  # helps that the assignment turns off, or "figures"
    closes_later: bool = False  # leaving does not wait until the kernel is removed: the undertaker does that


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
        self._runner = CellRunner(self._connection.manager, self._connection.link)
        self._deadline = time.monotonic() + self._limits.wall_s
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._spec.closes_later:
            lost = await asyncio.shield(self._connection.hand_over())
        else:
            await asyncio.shield(self._connection.close())
            lost = self._connection.process.lost
        if kind is None and lost:
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
        reply = self._runner.start(cell, index)
        try:
            if not await self._over(reply, allowed_s):
                await self._stop(reply, "a cell", allowed_s)
                self._may_go_on()
                return "timeout", f"it was stopped after {allowed_s:.0f} s"
        finally:
            reply.cancel()
        if reply.cancelled():
            return "died", self.death_reason
        said = reply.result()
        if said.get("status") == "ok":
            return "ok", ""
        return "error", f"{said.get('ename', 'Error')}: {said.get('evalue', '')}"

    async def _over(self, future: asyncio.Future[Any], allowed_s: float) -> bool:
        """Whether it was over in time; it is cancelled once the kernel has ended."""
        self._connection.cancel_at_end(future)
        return bool((await asyncio.wait({future}, timeout=allowed_s))[0])

    async def _stop(self, future: asyncio.Future[Any], what: str, allowed_s: float) -> None:
        """The kernel is interrupted, and killed if that does not help."""
        for _ in range(2):  # code that catches the first interrupt often falls for the second
            self._connection.process.interrupt()
            if await self._over(future, INTERRUPT_S / 2):
                return
        self._connection.process.kill(f"{what} went on after its time was over ({allowed_s:.0f} s)")
        await self._over(future, INTERRUPT_S)

    async def ask(self, questions: Sequence[Question], timeout_s: float | None = None) -> list[Answer]:
        """The kernel's replies in order, as bytes that nobody has looked at. `timeout_s` is for each question."""
        allowed_s = self._limits.call_s if timeout_s is None else timeout_s
        async with self._lock:
            began = time.monotonic()
            try:
                return await self._answers(questions, allowed_s)
            finally:
                self._spent_s += time.monotonic() - began

    async def _answers(self, questions: Sequence[Question], allowed_s: float) -> list[Answer]:
        answers: list[Answer] = []
        while len(answers) < len(questions) and self._may_go_on():
            waiting = questions[len(answers) :]
            answers += await self._in_time(waiting, allowed_s)
            if len(answers) == len(questions) or not self.alive:
                break
            late = questions[len(answers)]
            answers.append(await self._late(late, allowed_s))
            if any(question.name == late.name for question in questions[len(answers) :]):
                return answers + await self._without(late.name, questions[len(answers) :], allowed_s)
        return answers + [Gone(self.death_reason)] * (len(questions) - len(answers))

    async def _without(self, name: str, questions: Sequence[Question], allowed_s: float) -> list[Answer]:
        """Once is enough: nobody waits for each of ten calls of a function that never ends."""
        others = iter(await self._answers([question for question in questions if question.name != name], allowed_s))
        return [TooSlow(allowed_s) if question.name == name else next(others) for question in questions]

    async def _in_time(self, questions: Sequence[Question], allowed_s: float) -> list[RawReply]:
        """The answers up to the first question that takes too long, or that the kernel did not survive."""
        exchange = self._connection.exchange
        done = exchange.ask(questions)
        try:
            while (left_s := min(exchange.answered_at + allowed_s, self._deadline) - time.monotonic()) > 0:
                if await self._over(done, left_s):
                    break
        finally:
            done.cancel()
        return exchange.replies

    async def _late(self, question: Question, allowed_s: float) -> Answer:
        ready = self._connection.exchange.skip()
        try:
            await self._stop(ready, f"answering for `{question.name}`", allowed_s)
        finally:
            ready.cancel()
        return TooSlow(allowed_s) if self._may_go_on() or self._left_s() > 0 else Gone(self.death_reason)

    def _left_s(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _may_go_on(self) -> bool:
        if self.alive and self._left_s() <= 0:
            self._connection.process.kill(f"the notebook used its whole time of {self._limits.wall_s:.0f} s")
        return self.alive
