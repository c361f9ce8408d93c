"""Tries attacks ahead of the tests that ask about them, a few at a time, each beside an innocent notebook."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import psutil

from assignments.gradable import GradablePackage
from tests.support.notebooks import notebook
from worker.contract import Limits
from worker.environments import Environment
from worker.pipeline.request import GradeRequest, Grading
from worker.pipeline.run import grade

from .attack import Attack
from .outside import fill
from .target import INNOCENT

JOBS = 2
CALM = Limits(wall_s=200, cell_s=100, call_s=100, memory_mib=400, scratch_mib=24, output_mib=2, processes=30)


@dataclass(frozen=True)
class Tried:
    """What became of it, of its accomplice, and of the innocent notebook beside them."""

    hostile: Grading
    accomplice: Grading | None
    innocent: Grading


class Room:
    """For JOBS attacks, or for one that needs all of it."""

    def __init__(self) -> None:
        self._places = threading.Semaphore(JOBS)
        self._order = threading.Lock()

    @contextlib.contextmanager
    def for_(self, attack: Attack) -> Iterator[None]:
        wanted = JOBS if attack.alone else 1
        with self._order:  # else two that need all could each have half
            for _ in range(wanted):
                self._places.acquire()
        try:
            yield
        finally:
            self._places.release(wanted)


class Trials:
    def __init__(self, target: GradablePackage, environment: Environment, world: Mapping[str, str]) -> None:
        self._target = target
        self._world = world
        self._environments = {"forked": environment, "cold": replace(environment, preload=())}
        self._room = Room()
        self._threads = ThreadPoolExecutor(JOBS, thread_name_prefix="attack")
        self._under_way: dict[tuple[str, str], Future[Tried]] = {}
        self.memory_before = psutil.Process().memory_info().rss

    def begin(self, wanted: Iterable[tuple[str, Attack]]) -> None:
        for start, attack in wanted:
            self._under_way[start, attack.name] = self._threads.submit(self._try, start, attack)

    def result(self, start: str, attack: Attack) -> Tried:
        """Waits for it. Who asks a second time gets a second try."""
        if (start, attack.name) not in self._under_way:
            self.begin([(start, attack)])
        return self._under_way.pop((start, attack.name)).result()

    def end(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    def _try(self, start: str, attack: Attack) -> Tried:
        async def one(cells: tuple[str, ...], limits: Limits, start: str) -> Grading:
            sources = notebook(*(fill(source, self._world) for source in cells))
            return await grade(GradeRequest(sources, self._target, self._environments[start], limits), silent)

        async def beside() -> list[Grading]:
            hostile = [one(cells, attack.allowed(), start) for cells in (attack.accomplice, attack.cells) if cells]
            return await asyncio.gather(one(INNOCENT, CALM, "forked"), *hostile)

        with self._room.for_(attack):
            innocent, *hostile = asyncio.run(beside())
        return Tried(hostile[-1], hostile[0] if attack.accomplice else None, innocent)


def silent(stage: str, cell: int = 0, cells: int = 0, detail: str = "") -> None:
    """Nobody watches."""
