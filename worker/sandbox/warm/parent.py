"""The worker's hold on one warm parent: a process in a jail that has imported everything and forks kernels."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.sandbox import bubblewrap, pidfd
from worker.sandbox.cgroups import Cgroup, group_of
from worker.sandbox.cold import CREDENTIALS
from worker.sandbox.diagnosis import start_failure
from worker.sandbox.errors import KernelStartError, SandboxUnavailable
from worker.sandbox.installation import Installation
from worker.sandbox.processes import ForkedTable
from worker.sandbox.warm.outer import start_parent

READY_S = 120.0
LOOK_S = 0.1
FORK_S = 15.0
GONE_S = 5.0
MESSAGE_BYTES = 65_536


class ParentFailed(Exception):
    """The parent, or a kernel that it was to fork, did not do its part. The text is for staff."""


@dataclass
class Spare:
    """A forked kernel in its jail that has no order yet, and runs nothing but code of ours."""

    parent: WarmParent
    jailer: socket.socket
    kernel: socket.socket
    report: int
    first_pidfd: int
    pid: int
    pidfd: int
    table: ForkedTable
    scratch: tuple[int, ...]
    group: Cgroup

    def discard(self) -> None:
        pidfd.send(self.first_pidfd, signal.SIGKILL)
        pidfd.is_readable(self.first_pidfd, GONE_S)
        self.group.remove()
        self.table.close()
        self.close_channels()
        for descriptor in (self.report, self.first_pidfd, self.pidfd, *self.scratch):
            os.close(descriptor)
        self.parent.let_go()

    def close_channels(self) -> None:
        self.jailer.close()
        self.kernel.close()


class WarmParent:
    """Made by the thread that will outlive it: the jail ends with that thread. Methods may be called from any."""

    def __init__(
        self, installation: Installation, preload: Sequence[str], given_up: Callable[[], bool] = lambda: False
    ) -> None:
        """Returns when it can fork. Raises SandboxUnavailable, KernelStartError or ParentFailed."""
        self._lock = threading.Lock()
        self._children = 0
        self._retired = False
        self._started, self._control = start_parent(installation, preload)
        self.pidfd = os.pidfd_open(self._started.process.pid)
        try:
            self.skipped = self._welcome(given_up)
            self.pid = _deepest_child(self._started.process.pid)
            self.first_memory_kib = self.memory_kib()
        except BaseException:
            self.end()
            raise

    def _welcome(self, given_up: Callable[[], bool]) -> list[str]:
        deadline = time.monotonic() + READY_S
        while not pidfd.is_readable(self._control, LOOK_S):
            if given_up() or time.monotonic() > deadline:
                raise ParentFailed(f"it was not ready within {READY_S:.0f} s")
        try:
            words = json.loads(_receive(self._control, 0) or b"null")
        except ValueError:
            words = None
        if words is None:
            self._started.process.kill()
            self._started.process.wait()
            raise start_failure(self._started.complaint())
        if "error" in words:
            raise KernelStartError(f"The warm parent did not start: {words['error']}")
        return list(words["skipped"])

    def fork(self) -> Spare:
        """A new kernel. Raises ParentFailed."""
        with contextlib.ExitStack() as undo, self._lock:
            jailer, jailer_theirs = _channel(undo)
            kernel, kernel_theirs = _channel(undo)
            report, report_theirs = os.pipe()
            undo.callback(os.close, report)
            with jailer_theirs, kernel_theirs:
                try:
                    passed = [jailer_theirs.fileno(), kernel_theirs.fileno(), report_theirs]
                    socket.send_fds(self._control, [b"fork"], passed)
                    first = self._forked(undo)
                except OSError as problem:
                    raise ParentFailed(f"it does not answer: {problem}") from None
                finally:
                    os.close(report_theirs)
            undo.callback(pidfd.send, first, signal.SIGKILL)
            pid = self._hello(kernel, jailer)
            spare = self._hold(undo, pid, jailer, kernel, report, first)
            self._children += 1
            undo.pop_all()
            return spare

    def _forked(self, undo: contextlib.ExitStack) -> int:
        if not pidfd.is_readable(self._control, FORK_S):
            raise ParentFailed(f"it forked nothing within {FORK_S:.0f} s")
        said, descriptors, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, 1)
        for descriptor in descriptors:
            undo.callback(os.close, descriptor)
        if not said or len(descriptors) != 1:
            raise ParentFailed("it ended")
        return descriptors[0]

    def _hello(self, kernel: socket.socket, jailer: socket.socket) -> int:
        """The process that the system says the kernel's first word came from."""
        if not pidfd.is_readable(kernel, FORK_S):
            raise ParentFailed(f"a forked kernel was silent for {FORK_S:.0f} s")
        said, ancillary, _, _ = kernel.recvmsg(MESSAGE_BYTES, socket.CMSG_SPACE(CREDENTIALS.size))
        if not said or b"hello" not in said:
            told = said or (_receive(jailer, 1.0) or b"it said nothing")
            raise ParentFailed(f"a kernel could not be forked: {told.decode('utf-8', 'replace')[:500]}")
        _, _, content = ancillary[0]
        pid: int = CREDENTIALS.unpack(content[: CREDENTIALS.size])[0]
        return pid

    def _hold(
        self,
        undo: contextlib.ExitStack,
        pid: int,
        jailer: socket.socket,
        kernel: socket.socket,
        report: int,
        first: int,
    ) -> Spare:
        try:
            handle = os.pidfd_open(pid)
            undo.callback(os.close, handle)
            scratch: list[int] = []
            for place in bubblewrap.WRITABLE:
                scratch.append(os.open(f"/proc/{pid}/root{place}", os.O_PATH | os.O_CLOEXEC))
                undo.callback(os.close, scratch[-1])
            table = ForkedTable(pid)
            undo.callback(table.close)
            group = group_of(pid)
        except (OSError, KernelStartError) as problem:
            raise ParentFailed(f"a forked kernel cannot be watched: {problem}") from None
        return Spare(self, jailer, kernel, report, first, pid, handle, table, tuple(scratch), group)

    def memory_kib(self) -> int:
        """What it holds itself; 0 if it cannot be known any more."""
        try:
            text = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        except OSError:
            return 0
        return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("RssAnon:")), 0)

    @property
    def ended(self) -> bool:
        return pidfd.has_ended(self.pidfd)

    def retire(self) -> None:
        """Ends it once the last of its kernels is gone: they cannot outlive it."""
        with self._lock:
            self._retired = True
            idle = self._children == 0
        if idle:
            self.end()

    def let_go(self) -> None:
        """One of its kernels is gone."""
        with self._lock:
            self._children -= 1
            idle = self._retired and self._children == 0
        if idle:
            self.end()

    def end(self) -> None:
        """At once, with everything in it. A second time is no error."""
        if self._control.fileno() < 0:
            return
        self._control.close()
        self._started.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # a GPU's driver may hold what is in it for ever
            self._started.process.wait(GONE_S)
        self._started.close()
        os.close(self.pidfd)


def _channel(undo: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    undo.callback(ours.close)
    return ours, theirs


def _receive(channel: socket.socket, timeout_s: float) -> bytes:
    """One message; b"" at the end, or when none comes in time."""
    try:
        return channel.recv(MESSAGE_BYTES) if pidfd.is_readable(channel, timeout_s) else b""
    except OSError:
        return b""


def _deepest_child(pid: int) -> int:
    """The Python in the jail: bubblewrap has one child, its process 1, and that has one."""
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        except OSError:
            return pid
        if not children:
            return pid
        pid = int(children[0])
    return pid


__all__ = ["ParentFailed", "SandboxUnavailable", "Spare", "WarmParent"]
