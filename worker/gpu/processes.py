"""Which of the processes on a device are ours, and how they are ended."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Collection, Iterable

from worker.gpu.discovery import Process
from worker.sandbox import pidfd

DEEPEST = 64  # jails are four deep


def ours(processes: Iterable[Process], root: int, spared: Collection[int] = ()) -> list[Process]:
    """Those that descend from the process `root`, but not from one of `spared`."""
    return [process for process in processes if descends(process.pid, root, spared)]


def descends(pid: int, root: int, spared: Collection[int] = ()) -> bool:
    for _ in range(DEEPEST):
        if pid == root:
            return True
        if pid <= 1 or pid in spared:
            return False
        pid = _parent(pid)
    return False


def descends_from_any(pid: int, roots: Collection[int]) -> bool:
    return any(descends(pid, root) for root in roots)


def end(process: Process, root: int) -> None:
    """SIGKILL, unless the number has come to belong to somebody else. Nobody waits: it may be in the driver's hands."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return
    try:
        if descends(process.pid, root):
            pidfd.send(handle, signal.SIGKILL)
    finally:
        os.close(handle)


def _parent(pid: int) -> int:
    """0 for a process that has ended."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
        return int(text[text.rindex(b")") + 2 :].split()[1])
    return 0
