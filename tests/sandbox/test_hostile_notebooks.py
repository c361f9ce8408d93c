"""The catalogue of hostile notebooks, each graded through the whole pipeline beside an innocent one."""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from assignments.gradable import GradablePackage
from tests.support.notebooks import notebook
from worker.checker.parents import CHECKERS
from worker.environments import Environment
from worker.pipeline.request import GradeRequest
from worker.pipeline.run import grade
from worker.sandbox.warm.pool import Pool

from .conftest import READY_S, nothing_left, use_only
from .hostile import ATTACKS
from .hostile.attack import Attack
from .hostile.outside import outside
from .hostile.target import POINTS, make_target
from .hostile.trying import CALM, Trials, silent

MOST_GROWTH = 250 << 20  # of this process's memory, for whatever notebooks send


@pytest.fixture(autouse=True)
def starter() -> None:
    """Each attack says how its kernel is started."""


@pytest.fixture(autouse=True)
def _nothing_is_left() -> None:
    """Attacks are tried while other tests run: it is looked at when the last is over."""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradablePackage]:
    package = make_target(tmp_path_factory.mktemp("assignments"))
    CHECKERS.keep(package.package.folder.parent)  # one parent of checkers for all notebooks
    deadline = time.monotonic() + READY_S
    while not CHECKERS.pids() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield package
    CHECKERS.stop()


@pytest.fixture(scope="module")
def world() -> Iterator[Mapping[str, str]]:
    with outside() as found:
        yield found


@pytest.fixture(scope="module")
def trials(
    request: pytest.FixtureRequest,
    environment: Environment,
    warm_pool: Pool,
    target: GradablePackage,
    world: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Trials]:
    """Those of all selected tests are under way from the start."""
    assert warm_pool.wait(READY_S, spares=1), warm_pool.trouble
    with pytest.MonkeyPatch.context() as patch:
        use_only(warm_pool, patch)
        with nothing_left(environment, tmp_path_factory.mktemp("scratch"), patch):
            made = Trials(target, environment, world)
            made.begin(wanted_by(request.session.items))
            try:
                yield made
            finally:
                made.end()


def wanted_by(items: list[pytest.Item]) -> Iterator[tuple[str, Attack]]:
    for item in items:
        arguments = getattr(getattr(item, "callspec", None), "params", {})
        if item.path == Path(__file__) and "attack" in arguments:
            yield arguments["start"], arguments["attack"]


CASES = [
    pytest.param(start, attack, id=f"{attack.name}-{start}")
    for attack in ATTACKS
    for start in ("forked", "cold")
    if start == "forked" or attack.cold
]


def test_the_catalogue_is_as_long_as_it_says_and_names_no_notebook_twice() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names) >= 150


@pytest.mark.timeout(900)  # it waits for those before it
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the catalogue's system calls are those of x86_64")
@pytest.mark.parametrize(("start", "attack"), CASES)
def test_hostile(start: str, attack: Attack, trials: Trials, world: Mapping[str, str]) -> None:
    """It is held, gets what it earned and no more, and the notebook beside it gets its full grade."""
    tried = trials.result(start, attack)
    assert attack.complaints(tried.hostile) == []
    if tried.accomplice is not None:
        assert replace(attack, ends=("ok", "ok")).complaints(tried.accomplice) == []
    assert {cell.status for cell in tried.innocent.cells} == {"ok"}, tried.innocent.cells
    assert tried.innocent.score == POINTS, tried.innocent.checks
    assert not os.path.exists(world["SECRET"] + ".out"), "it got out: it wrote a file"


def test_every_grading_asks_something_else(environment: Environment, target: GradablePackage, trials: Trials) -> None:
    """What a notebook saw when it was graded is of no use in another, or when it is graded again."""
    source = notebook("total = 0.0\ndef double(x): raise ValueError(float(x[0]).hex())")

    async def messages() -> list[str]:
        gradings = [await grade(GradeRequest(source, target, environment, CALM), silent) for _ in range(2)]
        return [check.message for grading in gradings for check in grading.checks if check.key == "double"]

    first, second = asyncio.run(messages())
    assert "0x1." in first
    assert first != second


def test_the_worker_has_not_grown(trials: Trials) -> None:
    """The last test: whatever the notebooks sent, nothing of it is kept."""
    ctypes.CDLL(None).malloc_trim(0)  # what is free is given back
    assert psutil.Process().memory_info().rss - trials.memory_before < MOST_GROWTH
