"""The catalogue of hostile notebooks, each graded through the whole pipeline beside an innocent one."""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import psutil
import pytest

from assignments.gradable import GradablePackage
from tests.support.notebooks import notebook
from worker.checker.parents import CHECKERS
from worker.contract import Limits
from worker.environments import Environment
from worker.pipeline.request import GradeRequest, Grading
from worker.pipeline.run import grade

from .hostile import ATTACKS
from .hostile.attack import Attack
from .hostile.outside import fill, outside
from .hostile.target import INNOCENT, POINTS, make_target

MOST_GROWTH = 250 << 20  # of this process's memory, for whatever a notebook sends
CALM = Limits(wall_s=60, cell_s=20, call_s=20, memory_mib=400, scratch_mib=24, output_mib=2, processes=30)


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradablePackage]:
    package = make_target(tmp_path_factory.mktemp("assignments"))
    CHECKERS.keep(package.package.folder.parent)  # one parent of checkers for all notebooks
    deadline = time.monotonic() + 60
    while not CHECKERS.pids() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield package
    CHECKERS.stop()


@pytest.fixture(scope="session")
def world() -> Iterator[Mapping[str, str]]:
    with outside() as found:
        yield found


def silent(stage: str, cell: int = 0, cells: int = 0, detail: str = "") -> None:
    """Nobody watches."""


CASES = [
    pytest.param(start, attack, id=f"{attack.name}-{start}")
    for attack in ATTACKS
    for start in ("forked", "cold")
    if start == "forked" or attack.cold
]


@pytest.mark.parametrize("starter", ["cold"], indirect=True)
def test_the_catalogue_is_as_long_as_it_says_and_names_no_notebook_twice() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names) >= 150


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the catalogue's system calls are those of x86_64")
@pytest.mark.parametrize(("starter", "attack"), CASES, indirect=["starter"])
def test_hostile(attack: Attack, environment: Environment, target: GradablePackage, world: Mapping[str, str]) -> None:
    """It is held, gets what it earned and no more, and the notebook beside it gets its full grade."""

    async def one(cells: tuple[str, ...], limits: Limits) -> Grading:
        sources = notebook(*(fill(source, world) for source in cells))
        return await grade(GradeRequest(sources, target, environment, limits), silent)

    async def beside() -> list[Grading]:
        hostile = [one(cells, attack.allowed()) for cells in (attack.accomplice, attack.cells) if cells]
        return await asyncio.gather(one(INNOCENT, CALM), *hostile)

    before = psutil.Process().memory_info().rss
    innocent, *hostile = asyncio.run(beside())
    assert attack.complaints(hostile[-1]) == []
    if attack.accomplice:
        assert replace(attack, ends=("ok", "ok")).complaints(hostile[0]) == []
    assert {cell.status for cell in innocent.cells} == {"ok"}, innocent.cells
    assert innocent.score == POINTS, innocent.checks
    ctypes.CDLL(None).malloc_trim(0)  # what is free is given back
    assert psutil.Process().memory_info().rss - before < MOST_GROWTH
    assert not os.path.exists(world["SECRET"] + ".out")


@pytest.mark.parametrize("starter", ["forked"], indirect=True)
def test_every_grading_asks_something_else(environment: Environment, target: GradablePackage) -> None:
    """What a notebook saw when it was graded is of no use in another, or when it is graded again."""
    source = notebook("total = 0.0\ndef double(x): raise ValueError(float(x[0]).hex())")

    async def messages() -> list[str]:
        gradings = [await grade(GradeRequest(source, target, environment, CALM), silent) for _ in range(2)]
        return [check.message for grading in gradings for check in grading.checks if check.key == "double"]

    first, second = asyncio.run(messages())
    assert "0x1." in first
    assert first != second
