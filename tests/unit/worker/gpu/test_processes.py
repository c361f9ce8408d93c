"""Real processes: only those that descend from this one are ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from worker.gpu import processes
from worker.gpu.discovery import Process

SHELL = [
    sys.executable,
    "-c",
    "import subprocess, sys; c = subprocess.Popen(['sleep', '600']); print(c.pid, flush=True); c.wait()",
]


@pytest.fixture
def family() -> Iterator[tuple[int, int]]:
    """A child of this process, and a child of that."""
    child = subprocess.Popen(SHELL, stdout=subprocess.PIPE)
    assert child.stdout is not None
    grandchild = int(child.stdout.readline())
    yield child.pid, grandchild
    for pid in (grandchild, child.pid):
        processes.end(Process(pid), os.getpid())
    child.wait(60)
    child.stdout.close()


def test_descendants_are_ours_and_nobody_else(family: tuple[int, int]) -> None:
    child, grandchild = family
    listed = [Process(pid) for pid in (child, grandchild, os.getppid(), 1, 2**22 - 1)]
    assert [entry.pid for entry in processes.ours(listed, os.getpid())] == [child, grandchild]
    assert [entry.pid for entry in processes.ours(listed, os.getpid(), spared=(child,))] == []
    assert [entry.pid for entry in processes.ours(listed, os.getpid(), spared=(grandchild,))] == [child]
    assert processes.descends_from_any(grandchild, (7, child))


def test_a_process_of_ours_is_killed(family: tuple[int, int]) -> None:
    child, grandchild = family
    processes.end(Process(grandchild), os.getpid())
    # its parent was waiting for it, and ends in its turn
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)


def test_a_process_of_somebody_else_is_left_alone(family: tuple[int, int]) -> None:
    _, grandchild = family
    processes.end(Process(grandchild), root=2**22 - 2)
    processes.end(Process(2**22 - 1), os.getpid())  # a number that nobody has
    os.kill(grandchild, 0)
