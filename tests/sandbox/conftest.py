"""Runs notebooks in the real jail, and makes sure that each leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from assignments.asking import Call, Reply
from tests.support.kernel_values import call_all, read_all
from worker.checker.parents import CHECKERS
from worker.contract import CellSummary, Limits
from worker.environments import Environment, load_environments
from worker.kernels.session import NotebookSession, SessionSpec, Usage
from worker.sandbox import cold, starting
from worker.sandbox.cgroup_places import hierarchies
from worker.sandbox.jailed import JailedKernel
from worker.sandbox.orders import KernelOrder
from worker.sandbox.undertaker import UNDERTAKER
from worker.sandbox.warm.pool import Pool, Pools

ROOT = Path(__file__).parents[2]
# Times as long as a slow and busy machine may need; where a limit is the point of a test, the test sets it.
SMALL = Limits(wall_s=200, cell_s=60, call_s=60, memory_mib=600, scratch_mib=32, output_mib=2, processes=40)
READY_S = 180.0
WARM = Pools()


@dataclass
class Ran:
    """What became of a notebook."""

    summaries: list[CellSummary] = field(default_factory=list)
    cells: list[NotebookNode] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    reason: str = ""
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    close_s: float = 0.0

    @property
    def statuses(self) -> list[str]:
        return [summary.status for summary in self.summaries]

    def text(self, index: int) -> str:
        """Everything that a cell showed."""
        shown = []
        for output in self.cells[index].outputs:
            shown.append(str(output.get("text", "")))
            shown.append(str(output.get("data", {}).get("text/plain", "")))
            shown.append("\n".join(output.get("traceback", ())))
        return "\n".join(shown)


Runner = Callable[..., Ran]


@pytest.fixture(scope="session")
def environment() -> Environment:
    return load_environments(ROOT / "environments.toml")["course"]


@pytest.fixture
def limits() -> Limits:
    return SMALL


@pytest.fixture
def spec(environment: Environment, limits: Limits) -> SessionSpec:
    return SessionSpec(environment, limits)


async def run_in(
    session_spec: SessionSpec, sources: Sequence[str], calls: Sequence[Call] = (), names: Sequence[str] = ()
) -> Ran:
    ran, began = Ran(), time.monotonic()
    async with NotebookSession(session_spec) as session:
        for index, source in enumerate(sources):
            ran.cells.append(new_code_cell(source))
            ran.summaries.append(await session.run_cell(ran.cells[-1], index))
        if calls:
            ran.replies += await call_all(session, calls)
        if names:
            ran.replies += await read_all(session, names)
        ran.reason = session.death_reason
        ran.seconds = time.monotonic() - began
        closing = time.monotonic()
    ran.close_s = time.monotonic() - closing
    ran.usage = session.usage
    return ran


@pytest.fixture
def run(spec: SessionSpec) -> Runner:
    """`run(*cells, calls=…, names=…, limits_of_this=…)`."""

    def run_cells(
        *sources: str,
        calls: Sequence[Call] = (),
        names: Sequence[str] = (),
        data_files: Mapping[str, Path] | None = None,
        **changed: Any,
    ) -> Ran:
        wanted = replace(spec, limits=replace(spec.limits, **changed), data_files=dict(data_files or {}))
        return asyncio.run(run_in(wanted, sources, calls, names))

    return run_cells


@pytest.fixture(scope="session")
def warm_pool(environment: Environment) -> Iterator[Pool]:
    pool = WARM.keep_warm(environment)
    assert pool is not None
    yield pool
    CHECKERS.stop()
    WARM.stop()
    assert psutil.Process().children(recursive=True) == []


@pytest.fixture(params=["cold", "forked"], autouse=True)
def starter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Pool | None:
    """How kernels are started: from nothing, or (then its pool) by a fork of the warm parent."""
    if request.param == "cold":
        monkeypatch.setattr(starting, "POOLS", Pools())
        return None
    pool: Pool = request.getfixturevalue("warm_pool")
    use_only(pool, monkeypatch)
    assert pool.wait(READY_S, spares=1), pool.trouble
    return pool


def use_only(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels of its environment are forked, and never started from nothing; those of others always are."""
    monkeypatch.setattr(starting, "POOLS", _Only(pool))
    start_cold = cold.start_kernel

    async def only_where_there_is_no_pool(order: KernelOrder) -> JailedKernel:
        assert order.unsafe or order.environment != pool.environment, "a kernel was started from nothing"
        return await start_cold(order)

    monkeypatch.setattr(cold, "start_kernel", only_where_there_is_no_pool)


class _Only:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def find(self, environment: Environment) -> Pool | None:
        return self._pool if environment == self._pool.environment else None


def _of_pool(pool: Pool | None) -> set[int]:
    """The processes of the warm parent and its spare kernel."""
    if pool is None:
        return set()
    assert pool.wait(READY_S, spares=1)
    assert pool.parent is not None
    spares = {pid for spare in pool.spares for pid in (spare.pid, psutil.Process(spare.pid).ppid())}
    above = {parent.pid for parent in psutil.Process(pool.parent.pid).parents()}
    return {pool.parent.pid} | above | spares


def _of_checkers() -> set[int]:
    """The parents of checkers, and the checkers that they have forked ahead."""
    return {child.pid for pid in CHECKERS.pids() for child in psutil.Process(pid).children(recursive=True)}


@pytest.fixture(autouse=True)
def _nothing_is_left(
    environment: Environment, starter: Pool | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    with nothing_left(environment, tmp_path, monkeypatch):
        yield


@contextlib.contextmanager
def nothing_left(environment: Environment, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process, folder, control group or descriptor of a session outlives what runs inside."""
    folder = scratch / "t"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    asyncio.run(UNDERTAKER.bury(lambda: asyncio.sleep(0)))  # it is there, with its own descriptors
    before = len(os.listdir("/proc/self/fd"))
    others = {child.pid for child in psutil.Process().children(recursive=True)}  # databases of other tests
    checkers = CHECKERS.pids()
    yield
    assert UNDERTAKER.wait()
    if CHECKERS.pids() - checkers:  # started inside
        CHECKERS.stop()
    pool = WARM.find(environment)  # there since the first test that needed it
    own = _of_pool(pool) | others | _of_checkers()
    assert [child for child in psutil.Process().children(recursive=True) if child.pid not in own] == []
    assert list(folder.iterdir()) == []
    assert len(_groups()) == (0 if pool is None else len(pool.spares) * len(hierarchies()))
    assert len(os.listdir("/proc/self/fd")) <= before + 6  # a checker that was forked ahead holds four


def _groups() -> set[Path]:
    return {folder for hierarchy in hierarchies() for folder in hierarchy.folder.glob(f"grader-{os.getpid()}-*")}
