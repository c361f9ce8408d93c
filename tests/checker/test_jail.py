"""The jail of checkers, layer by layer, looked at from outside: one layer often hides that another is missing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from worker.checker.checks import Answer, Checks, Moment, Request
from worker.checker.jail import variables
from worker.checker.limits import MIB, CheckerLimits

from .conftest import World

NAMESPACES = ("ipc", "mnt", "net", "pid", "user", "uts")
CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
LIMITS = {
    "Max address space": CheckerLimits().address_space_mib * MIB,
    "Max cpu time": CheckerLimits().processor_s,
    "Max open files": CheckerLimits().open_files,
    "Max file size": 0,
    "Max core file size": 0,
    "Max processes": 0,
}


class Seen:
    """What the system says of one process."""

    def __init__(self, pid: int) -> None:
        folder = Path(f"/proc/{pid}")
        self.namespaces = {name: os.readlink(folder / "ns" / name) for name in NAMESPACES}
        lines = (folder / "status").read_text().splitlines()
        self.status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        self.mounts = [line.split() for line in (folder / "mounts").read_text().splitlines()]
        self.environment = (folder / "environ").read_text().strip("\0").split("\0")
        self.limits = (folder / "limits").read_text().splitlines()
        self.session = os.getsid(pid)


@pytest.fixture(scope="module")
def seen(world: World) -> tuple[Seen, Seen]:
    """(the parent, a checker while it waits for the kernel)"""
    package = world.package('@check("a")\ndef a(ask: Ask):\n    ask.read("x")\n    return passed()\n', "a")
    found: list[Seen] = []

    async def look(requests: Sequence[Request]) -> list[Answer]:
        (outer,) = world.parents.pids()
        tree = psutil.Process(outer).children(recursive=True)
        parent = next(process for process in tree if "python" in process.cmdline()[0])
        working = max(parent.children(), key=lambda child: sum(child.cpu_times()[:2]))
        found.extend((Seen(parent.pid), Seen(working.pid)))
        return [({"is": "gone", "reason": "seen"}, b"")]

    async def run() -> None:
        async with Checks(package, parents=world.parents) as checks:
            await checks.run("a", Moment(1, 0, look))

    asyncio.run(run())
    return found[0], found[1]


@pytest.mark.parametrize("name", NAMESPACES)
def test_it_has_a_namespace_of_its_own_for(seen: tuple[Seen, Seen], name: str) -> None:
    assert all(process.namespaces[name] != os.readlink(f"/proc/self/ns/{name}") for process in seen)


def test_it_has_no_capabilities_and_gets_none(seen: tuple[Seen, Seen]) -> None:
    for process in seen:
        assert {name: int(process.status[name], 16) for name in CAPABILITIES} == dict.fromkeys(CAPABILITIES, 0)
        assert process.status["NoNewPrivs"] == "1"


def test_it_does_not_run_as_root(seen: tuple[Seen, Seen]) -> None:
    assert all("0" not in process.status["Uid"].split() for process in seen)


def test_a_checker_has_the_filter_of_system_calls(seen: tuple[Seen, Seen]) -> None:
    assert seen[1].status["Seccomp"] == "2"


def test_it_is_in_a_session_of_its_own(seen: tuple[Seen, Seen], world: World) -> None:
    outside = {os.getsid(0), *map(os.getsid, world.parents.pids())}
    assert all(process.session not in outside for process in seen)


def test_there_is_nothing_to_write_to(seen: tuple[Seen, Seen]) -> None:
    writable = [place for _, place, kind, options, *_ in seen[1].mounts if "ro" not in options.split(",")]
    assert {place for place in writable if not place.startswith("/dev/")} == set()
    assert all(Path(place).name in {"null", "zero", "full", "random", "urandom"} for place in writable)


def test_there_is_no_proc(seen: tuple[Seen, Seen]) -> None:
    assert not [place for _, place, kind, *_ in seen[1].mounts if kind == "proc"]


def test_the_environment_is_that_of_the_jail_alone(seen: tuple[Seen, Seen]) -> None:
    extra = {"PWD"}  # bubblewrap's own
    names = {line.partition("=")[0] for line in seen[0].environment}
    assert names - extra == set(variables())


@pytest.mark.parametrize("name", LIMITS)
def test_a_checker_has_its_limit_of(seen: tuple[Seen, Seen], name: str) -> None:
    line = next(line for line in seen[1].limits if line.startswith(name))
    assert [int(word) for word in line.removeprefix(name).split()[:2]] == [LIMITS[name]] * 2
