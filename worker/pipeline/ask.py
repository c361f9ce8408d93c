"""The `Ask` that a check holds: questions go from the check's thread to the kernel's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from assignments.asking import Call, KernelGone, Reply

if TYPE_CHECKING:
    from worker.kernels.session import NotebookSession


class KernelAsk:
    """One check's view of one kernel at one moment of the notebook.

    `session` is None where there is no kernel any more; every question is then answered with `gone`.
    """

    def __init__(
        self,
        session: NotebookSession | None,
        loop: asyncio.AbstractEventLoop,
        *,
        rng: np.random.Generator,
        answers: Mapping[str, str],
        gone: str = "",
    ) -> None:
        self._session = session
        self._loop = loop
        self._rng = rng
        self._answers = answers
        self._gone = gone

    @property
    def rng(self) -> np.random.Generator:
        return self._rng

    @property
    def answers(self) -> Mapping[str, str]:
        return self._answers

    def call(self, function: str, *arguments: Any, **options: Any) -> Reply:
        return self.calls([Call(function, arguments, **options)])[0]

    def calls(self, calls: Sequence[Call]) -> list[Reply]:
        if self._session is None:
            return [KernelGone(self._gone)] * len(calls)
        return asyncio.run_coroutine_threadsafe(self._session.calls(calls), self._loop).result()

    def read(self, name: str) -> Reply:
        if self._session is None:
            return KernelGone(self._gone)
        return asyncio.run_coroutine_threadsafe(self._session.read([name]), self._loop).result()[0]
