"""Where no control group limits anything, the watcher and the resource limits must do: what they could overlook."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

import pytest

from worker.sandbox import policy as policies
from worker.sandbox.cgroups import Cgroup
from worker.sandbox.syscalls import numbers

from .conftest import Runner

# in pieces, so that somebody can look before all of it is there
GROW = """
import ctypes, os, threading, time
libc = ctypes.CDLL(None)
def grow():
    kept = []
    while len(kept) < 120: kept.append(b'x' * (10 << 20)); time.sleep(0.02)
    time.sleep(60)
"""
WAIT = "\ntime.sleep(120)"
# the first thread ends, and Linux tells of the memory of a process what its first thread has
BEHIND_A_DEAD_THREAD = "if os.fork() == 0:\n    threading.Thread(target=grow).start()\n    libc.syscall(EXIT, 0)"
# "\r" is a new line for many who read line by line
BEHIND_A_NAME = "if os.fork() == 0:\n    libc.prctl(15, b'\\rRssAnon:', 0, 0, 0)\n    grow()"
SOCKETS = """
import os, socket, time
for _ in range(3):
    if os.fork() == 0:
        kept = [socket.socketpair() for _ in range(60)]
        for one, _ in kept[1:]: socket.send_fds(kept[0][0], [b'x'], [one.fileno()])  # open in no process any more
        del kept[1:]
        time.sleep(120)
time.sleep(120)
"""
FILES = "for n in range(400): open(f'/dev/shm/{n}', 'w').close()\nimport time; time.sleep(120)"
# each burns a little, and when it ends nobody waits for it
ORPHANS = """
import os, time
while True:
    read, write = os.pipe()
    if os.fork() == 0:
        if os.fork() == 0:
            while time.process_time() < 0.2: pass
        os._exit(0)
    os.close(write); os.wait(); os.read(read, 1); os.close(read)
"""


@pytest.fixture(autouse=True)
def _no_limits_of_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cgroup, "limit", lambda self, limits: None)


@pytest.fixture
def policy_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    def use(text: str) -> None:
        path = tmp_path / "policy.toml"
        path.write_text(text)
        monkeypatch.setenv(policies.VARIABLE, str(path))

    return use


@pytest.mark.parametrize("way", [BEHIND_A_DEAD_THREAD, BEHIND_A_NAME], ids=["dead_thread", "name"])
def test_memory_is_found_wherever_it_hides(run: Runner, way: str) -> None:
    ran = run(GROW + way.replace("EXIT", str(numbers(platform.machine())["exit"])) + WAIT, memory_mib=200, wall_s=190)
    assert ran.statuses == ["died"]
    assert ran.reason.startswith("out of memory: used ")


def test_sockets_are_counted_also_those_that_are_on_their_way(run: Runner, policy_of: Callable[[str], None]) -> None:
    policy_of("[resources]\nsockets = 250\n")
    assert run(SOCKETS, wall_s=190).reason == "had more than 250 sockets"


def test_files_in_shared_memory_are_counted(run: Runner, policy_of: Callable[[str], None]) -> None:
    policy_of("[resources]\nfiles = 200\n")
    assert run(FILES, wall_s=190).reason == "wrote more than 200 files"


def test_computing_time_of_orphans_is_counted(run: Runner, policy_of: Callable[[str], None]) -> None:
    policy_of("[resources]\nprocessors = 0.01\n")
    ran = run(ORPHANS, wall_s=200, cell_s=100)
    assert ran.statuses == ["died"]
    assert ran.reason == "used more than 2 s of computing time, on all processors together"
