"""One running kernel in its jail: how it dies, what it used, and that nothing of it stays."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from worker.contract import Limits
from worker.sandbox import pidfd
from worker.sandbox.cgroups import Cgroup
from worker.sandbox.endings import LOST, End, Ending
from worker.sandbox.limits import cpu_limit_s
from worker.sandbox.orders import Usage
from worker.sandbox.policy import current_policy
from worker.sandbox.processes import ProcessTable
from worker.sandbox.watcher import Bounds, Watcher

GONE_S = 30.0
REAP_S = 2.0


class JailedKernel:
    """A KernelProcess. The jail is the process tree of `first_pidfd`: when that process ends, all of it ends."""

    def __init__(
        self,
        *,
        pid: int,
        pidfd: int,
        first_pidfd: int,
        ending: Ending,
        table: ProcessTable,
        limits: Limits,
        scratch: Sequence[int],
        group: Cgroup | None,
        folder: Path | None = None,
        process_group: int | None = None,
        on_closed: Callable[[], None] = lambda: None,
    ) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self._first_pidfd = first_pidfd
        self._ending = ending
        self._table = table
        self._scratch = scratch
        self._group = group
        self._folder = folder
        self._process_group = process_group
        self._on_closed = on_closed
        self._limits = limits
        self._reason = ""
        self._closed = False
        self._lock = threading.Lock()
        resources = current_policy().resources
        bounds = Bounds(limits.memory_mib, cpu_limit_s(limits), resources.files, resources.sockets)
        counted_mib = (lambda: None) if group is None else group.memory_mib
        self._watcher = Watcher(table, bounds, scratch, self.kill, counted_mib)
        self._watcher.start()

    @property
    def death_reason(self) -> str:
        if self._reason or not (self._closed or pidfd.has_ended(self.pidfd)):
            return self._reason
        self._reason = self._how_it_ended()
        return self._reason

    @property
    def lost(self) -> bool:
        """Whether it ended because something of ours did, and not for anything that its notebook did."""
        with self._lock:
            end = self._ending.look()
        return end is not None and end.code == LOST

    @property
    def usage(self) -> Usage:
        return Usage(self._watcher.peak_memory_mib, self._watcher.cpu_seconds)

    def interrupt(self) -> None:
        if not self._closed:
            pidfd.send(self.pidfd, signal.SIGINT)

    def kill(self, reason: str) -> None:
        with self._lock:
            if self._closed:
                return
            self._reason = self._reason or reason
            pidfd.send(self._first_pidfd, signal.SIGKILL)
            pidfd.send(self.pidfd, signal.SIGKILL)
            if self._process_group is not None:  # without a jail there is but this to hold its processes together
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process_group, signal.SIGKILL)

    def end(self) -> None:
        if self._closed:
            return
        self._reason = self.death_reason
        if not self._reason:
            self._watcher.last_look()
        self.kill("the session was over")

    async def close(self) -> None:
        if self._closed:
            return
        self.end()
        try:
            async with asyncio.timeout(GONE_S):
                await pidfd.ended(self._first_pidfd)
                await pidfd.ended(self.pidfd)
        finally:
            await asyncio.to_thread(self._clear)

    def _clear(self) -> None:
        self._watcher.stop()
        with self._lock:
            self._closed = True
        self._reap(GONE_S)
        if self._group is not None:
            self._group.remove()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._table.close()
        self._ending.close()
        for descriptor in (self.pidfd, self._first_pidfd, *self._scratch):
            os.close(descriptor)
        self._on_closed()

    def _reap(self, timeout_s: float) -> End | None:
        """How the outermost process ended, or None if it is not over in time. With it comes the computing time of
        everything that ran in the jail."""
        with self._lock:
            deadline = time.monotonic() + timeout_s
            while (end := self._ending.look()) is None and time.monotonic() < deadline:
                time.sleep(0.001)
            if end is not None:
                self._watcher.cpu_seconds = max(self._watcher.cpu_seconds, end.cpu_s)
            return end

    def _how_it_ended(self) -> str:
        if self._group is not None and self._group.killed_for_memory():
            return f"out of memory: used more than {self._limits.memory_mib} MiB"
        end = self._reap(REAP_S)
        if end is None or end.code == LOST:
            return "the kernel exited"
        code = end.code
        number = -code if code < 0 else code - 128  # bubblewrap reports a signal as a shell does
        if number in signal.valid_signals():
            return f"the kernel was killed by signal {number} ({signal.strsignal(number)})"
        return f"the kernel exited with code {code} (os._exit?)"
