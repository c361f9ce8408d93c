"""The warm parent: what it never learns, what its kernels cannot do to it, and what becomes of its failures."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from nbformat.v4 import new_code_cell

from worker.environments import Environment
from worker.kernels.errors import KernelStartError
from worker.kernels.session import NotebookSession, SessionSpec
from worker.sandbox import starting
from worker.sandbox.warm import pool as pool_module
from worker.sandbox.warm import starter as warm_starter
from worker.sandbox.warm.pool import Pool, Pools

from .conftest import READY_S, ROOT, Runner, run_in

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
HERE = pytest.mark.parametrize("starter", ["forked"], indirect=True)
NOT_HERE = pytest.mark.parametrize("starter", ["cold"], indirect=True)


@pytest.fixture
def own_pool(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """A pool that a test may break; its parent imports next to nothing."""
    pools = Pools()
    pool = pools.keep_warm(replace(environment, preload=("numpy",)))
    assert pool is not None
    monkeypatch.setattr(starting, "POOLS", pools)
    assert pool.wait(READY_S, spares=1), pool.trouble
    yield pool
    pools.stop()


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {line.split(":")[0]: line.split(":", 1)[1].strip() for line in lines}


def namespaces_of(pid: int) -> dict[str, str]:
    return {name: os.readlink(f"/proc/{pid}/ns/{name}") for name in NAMESPACES}


@HERE
def test_a_kernel_shares_no_namespace_with_the_parent_or_another_kernel(spec: SessionSpec, starter: Pool) -> None:
    async def scenario() -> None:
        async with NotebookSession(spec) as one, NotebookSession(spec) as two:
            assert starter.parent is not None
            pids = [session._connection.process.pid for session in (one, two)]
            seen = [namespaces_of(pid) for pid in (*pids, starter.parent.pid, os.getpid())]
            for name in NAMESPACES:
                assert len({namespaces[name] for namespaces in seen}) == len(seen), name

    asyncio.run(scenario())


@HERE
def test_kernel_and_jailer_have_no_rights_left(spec: SessionSpec) -> None:
    async def scenario() -> None:
        async with NotebookSession(spec) as session:
            kernel = session._connection.process.pid
            for pid in (kernel, psutil.Process(kernel).ppid()):
                status = status_of(pid)
                for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                    assert int(status[kind], 16) == 0, (pid, kind)
                assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")

    asyncio.run(scenario())


@HERE
def test_a_kernel_has_no_open_file_of_the_parent(spec: SessionSpec, starter: Pool) -> None:
    def opened(pid: int) -> set[str]:
        return {os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")} - {
            "/dev/null",
            "anon_inode:[eventpoll]",
        }

    async def scenario() -> None:
        async with NotebookSession(spec) as session:
            assert starter.parent is not None
            kernel = session._connection.process.pid
            shared = {name for name in opened(kernel) & opened(starter.parent.pid) if not name.startswith("anon_inode")}
            assert shared == set()

    asyncio.run(scenario())


@HERE
def test_neither_parent_nor_jailer_learns_the_signing_key(spec: SessionSpec, starter: Pool) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can look into the memory of others")

    async def scenario() -> None:
        async with NotebookSession(spec) as session:
            await session.run_cell(new_code_cell("1"), 0)
            manager = session._connection.manager
            assert manager is not None
            assert starter.parent is not None
            kernel = session._connection.process.pid
            assert holds(kernel, manager.session.key)  # so that the search is known to find it
            assert not holds(starter.parent.pid, manager.session.key)
            assert not holds(psutil.Process(kernel).ppid(), manager.session.key)

    asyncio.run(scenario())


def holds(pid: int, wanted: bytes) -> bool:
    """Whether the writable memory of a process holds these bytes."""
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            fields = line.split()
            if not fields[1].startswith("rw"):
                continue
            first, last = (int(text, 16) for text in fields[0].split("-"))
            try:
                memory.seek(first)
                if wanted in memory.read(last - first):
                    return True
            except (OSError, ValueError, OverflowError):
                continue
    return False


ATTACK = """
import os, signal, ctypes
for pid in [-1, 1, *range(2, 300)]:
    if not os.path.exists(f'/proc/self/task/{pid}'):
        for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGSEGV, signal.SIGCHLD):
            try: os.kill(pid, number)
            except OSError: pass
told = []
for path in ('/proc/1/mem', '/proc/1/environ', '/proc/1/maps', '/proc/1/fd', '/proc/1/root', '/proc/1/ns/user'):
    try:
        told.append(os.listdir(path) if path.endswith(('fd', 'root')) else open(path, 'rb').read(1))
    except OSError as problem:
        told.append(type(problem).__name__)
libc = ctypes.CDLL(None, use_errno=True)
for number in (0x20000, 0x10000000, 0x20000000):
    told.append(libc.unshare(number))
told.append(libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))
told.append(libc.umount2(b'/proc', 2))
print(told)
"""


@HERE
def test_a_kernel_cannot_reach_its_jailer_or_the_parent(run: Runner, starter: Pool) -> None:
    assert starter.parent is not None
    before = starter.parent.pid
    ran = run(ATTACK, "print('still here')")
    assert ran.text(0).strip() == str(["PermissionError"] * 6 + [-1] * 5)
    assert ran.text(1).strip() == "still here"
    assert starter.parent.pid == before
    assert run("6 * 7").text(0).strip() == "42"
    assert starter.restarts == 0


@HERE
@pytest.mark.skipif(not Path("/sys/kernel/mm/transparent_hugepage").is_dir(), reason="Linux has no huge pages here")
def test_the_heap_of_a_kernel_has_room_in_huge_pages(run: Runner) -> None:
    look = """
import re
found = re.findall(r"\\[heap\\].*?VmFlags:(.*?)$", open("/proc/self/smaps").read(), re.DOTALL | re.MULTILINE)
print(any("hg" in flags.split() for flags in found))
"""
    assert run(look).text(0).strip() == "True"


@HERE
def test_a_taken_spare_is_replaced(run: Runner, starter: Pool) -> None:
    (spare,) = starter.spares
    run("1")
    assert starter.wait(READY_S, spares=1)
    assert starter.spares[0].pid != spare.pid


@NOT_HERE
def test_a_parent_that_is_killed_costs_no_student_anything_and_is_replaced(spec: SessionSpec, own_pool: Pool) -> None:
    wanted = replace(spec, environment=own_pool.environment)

    async def scenario() -> None:
        async with NotebookSession(wanted) as session:
            await session.run_cell(new_code_cell("1"), 0)
            assert own_pool.parent is not None
            os.kill(own_pool.parent.pid, signal.SIGKILL)
            summary = await session.run_cell(new_code_cell("import time; time.sleep(600)"), 1)
            assert summary.status == "died"  # which is noticed when it happens, not when the time of the cell is over

    with pytest.raises(KernelStartError, match="lost with the warm parent"):
        asyncio.run(scenario())
    taken = own_pool.taken
    assert asyncio.run(run_in(wanted, ["print(1)"])).text(0).strip() == "1"  # from nothing, if need be
    assert own_pool.wait(READY_S, spares=1)
    assert asyncio.run(run_in(wanted, ["print(2)"])).text(0).strip() == "2"
    assert own_pool.taken > taken
    assert own_pool.restarts == 1


@NOT_HERE
def test_a_parent_that_has_grown_is_replaced_when_its_last_kernel_is_gone(
    spec: SessionSpec, own_pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = replace(spec, environment=own_pool.environment)
    first = own_pool.parent
    assert first is not None

    async def scenario() -> None:
        async with NotebookSession(wanted) as session:
            monkeypatch.setattr(pool_module, "GROWN_MARGIN_KIB", -(1 << 30))
            own_pool.given_back()  # so that it looks
            while own_pool.parent is first:
                await asyncio.sleep(0.01)
            monkeypatch.undo()
            monkeypatch.setattr(pool_module, "GROWN_MARGIN_KIB", 64 << 10)
            assert (await session.run_cell(new_code_cell("1"), 0)).status == "ok"
            assert not first.ended

    asyncio.run(scenario())
    deadline = time.monotonic() + READY_S
    while psutil.pid_exists(first.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not psutil.pid_exists(first.pid)
    assert own_pool.wait(READY_S, spares=1)


@NOT_HERE
def test_without_a_warm_parent_kernels_start_from_nothing(
    spec: SessionSpec, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "no_ipykernel" / "bin" / "python"
    broken.parent.mkdir(parents=True)
    broken.symlink_to("/usr/bin/false")
    pools = Pools()
    pool = pools.keep_warm(Environment("broken", broken, ("numpy",)))
    assert pool is not None
    deadline = time.monotonic() + READY_S
    while not pool.trouble and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "does not run" in pool.trouble
    assert pool.parent is None
    monkeypatch.setattr(pools, "find", lambda environment: pool)
    monkeypatch.setattr(starting, "POOLS", pools)
    try:
        assert asyncio.run(run_in(spec, ["print(1)"])).text(0).strip() == "1"
    finally:
        pools.stop()


@NOT_HERE
def test_an_environment_with_nothing_to_preload_has_no_parent(environment: Environment) -> None:
    assert Pools().keep_warm(replace(environment, preload=())) is None


@NOT_HERE
def test_a_library_that_is_not_there_is_no_reason_to_fail(environment: Environment) -> None:
    pools = Pools()
    pool = pools.keep_warm(replace(environment, preload=("numpy", "no_such_library")))
    assert pool is not None
    try:
        assert pool.wait(READY_S), pool.trouble
        assert pool.parent is not None
        assert pool.parent.skipped == ["no_such_library"]
    finally:
        pools.stop()


@NOT_HERE
def test_large_course_files_are_not_copied(spec: SessionSpec, own_pool: Pool, tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(warm_starter.MOST_DATA_BYTES + 1)
    wanted = replace(spec, environment=own_pool.environment, data_files={"large": tmp_path / "large"})
    ran = asyncio.run(run_in(wanted, ["import os; os.stat('large').st_size"]))
    assert int(ran.text(0)) == warm_starter.MOST_DATA_BYTES + 1
    assert own_pool.taken == 0


@HERE
def test_a_lock_on_a_course_file_is_no_other_kernels_business(spec: SessionSpec, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2")
    wanted = replace(spec, data_files={"data.csv": tmp_path / "data.csv"})
    lock = "import fcntl; f = open('data.csv'); fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB); print(f.read())"

    async def scenario() -> None:
        async with NotebookSession(wanted) as one, NotebookSession(wanted) as two:
            for session in (one, two):
                cell = new_code_cell(lock)
                assert (await session.run_cell(cell, 0)).status == "ok"
                assert cell.outputs[0].text == "1,2\n"

    asyncio.run(scenario())


WORKER = """
import asyncio, json, os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from nbformat.v4 import new_code_cell
from worker.contract import Limits
from worker.environments import Environment
from worker.kernels.session import NotebookSession, SessionSpec
from worker.sandbox.warm.pool import POOLS

async def main():
    environment = Environment("course", Path(sys.argv[2]), ("numpy",))
    pool = POOLS.keep_warm(environment)
    assert pool.wait(60, 1), pool.trouble
    async with NotebookSession(SessionSpec(environment, Limits())) as session:
        await session.run_cell(new_code_cell("import subprocess; subprocess.Popen(['sleep', '60'])"), 0)
        print(json.dumps([pool.parent.pid, session._connection.process.pid]), flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@NOT_HERE
def test_a_worker_that_is_killed_takes_parent_and_kernels_along(environment: Environment, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORKER, str(ROOT), str(environment.interpreter)]
    variables = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=variables) as worker:
        assert worker.stdout is not None
        pids = json.loads(worker.stdout.readline())
        family = psutil.Process(worker.pid).children(recursive=True)
        assert {member.pid for member in family} > set(pids)
        worker.kill()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
