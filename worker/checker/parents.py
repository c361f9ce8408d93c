"""The parents of checkers that this process keeps: one for each folder of assignments."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
import time
from pathlib import Path

from worker.checker.errors import CheckerLost, SandboxUnavailable
from worker.checker.inside.frames import AHEAD, NOW
from worker.checker.jail import start_parent
from worker.checker.limits import CheckerLimits
from worker.checker.process import CheckerProcess
from worker.sandbox import pidfd
from worker.sandbox.diagnosis import start_failure
from worker.sandbox.errors import KernelStartError
from worker.sandbox.jail import Started

log = logging.getLogger(__name__)

READY_S = 120.0
LOOK_S = 0.1
QUIET_S = 0.3  # so long after one was taken, the next is forked: nobody has to share the processor with it
FORK_S = 30.0
MESSAGE_BYTES = 4096


class Parent:
    """Its own thread starts it and stays with it: the jail ends with that thread, and so with this process."""

    def __init__(self, packages: Path, limits: CheckerLimits, *, unsafe: bool) -> None:
        self._packages = packages
        self._limits = limits
        self._unsafe = unsafe
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._over = threading.Event()
        self._taken = threading.Event()
        self._spare: CheckerProcess | None = None
        self._problem: Exception | None = None
        self._started: Started | None = None
        self._control: socket.socket | None = None
        self._thread = threading.Thread(target=self._live, name="checker-parent", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """Of the outermost process of its jail; None while or if there is none."""
        return None if self._started is None else self._started.process.pid

    @property
    def usable(self) -> bool:
        """Whether it can fork, or may yet."""
        return self._problem is None and not self._over.is_set()

    def take(self) -> CheckerProcess:
        """A fresh checker. Waits for the parent to be ready. Raises SandboxUnavailable or CheckerLost."""
        if not self._ready.wait(READY_S):
            raise CheckerLost(f"The parent of checkers was not ready within {READY_S:.0f} s.")
        if self._problem is not None:
            raise self._problem
        with self._lock:
            spare = self._given()
        return self._fork(NOW) if spare is None else spare

    def take_ready(self) -> CheckerProcess | None:
        """One that was forked in advance. Never blocks."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return self._given()
        finally:
            self._lock.release()

    def _given(self) -> CheckerProcess | None:
        """With the lock."""
        spare, self._spare = self._spare, None
        self._taken.set()
        return spare

    def _fork(self, order: bytes) -> CheckerProcess:
        channel, channel_theirs = socket.socketpair()
        trace, trace_theirs = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        report, report_theirs = os.pipe2(os.O_CLOEXEC)
        with contextlib.ExitStack() as undo, channel_theirs:
            undo.callback(channel.close)
            for descriptor in (trace, report):
                undo.callback(os.close, descriptor)
            try:
                handle = self._forked(order, [channel_theirs.fileno(), trace_theirs, report_theirs])
            finally:
                os.close(trace_theirs)
                os.close(report_theirs)
            undo.pop_all()
        return CheckerProcess(channel, trace, report, handle)

    def _forked(self, order: bytes, passed: list[int]) -> int:
        with self._lock:
            assert self._control is not None
            try:
                socket.send_fds(self._control, [order], passed)
                if pidfd.is_readable(self._control, FORK_S):
                    said, descriptors, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, 1)
                    if said and len(descriptors) == 1:
                        return descriptors[0]
            except (OSError, ValueError) as problem:
                log.warning("the parent of checkers does not answer: %s", problem)
            self._over.set()
        self._taken.set()
        raise CheckerLost("The parent of checkers forked none.")

    def end(self) -> None:
        """At once, with every checker that it forked."""
        self._over.set()
        self._taken.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _live(self) -> None:
        try:
            self._started, self._control = start_parent(self._packages, self._limits, unsafe=self._unsafe)
            self._welcome()
        except (SandboxUnavailable, CheckerLost) as problem:
            self._problem = problem
        except (OSError, ValueError) as problem:
            self._problem = CheckerLost(f"The parent of checkers did not start: {problem}")
        self._ready.set()
        if self._problem is None:
            self._keep_spare()
        self._clear()

    def _keep_spare(self) -> None:
        """One checker is forked ahead, and one again a while after that was taken."""
        while not self._over.is_set():
            if self._spare is None:
                try:
                    spare = self._fork(AHEAD)
                except CheckerLost:
                    return
                with self._lock:
                    self._spare = spare
            self._taken.wait()
            self._taken.clear()
            self._over.wait(QUIET_S)

    def _welcome(self) -> None:
        assert self._control is not None
        assert self._started is not None
        said, deadline = b"", time.monotonic() + READY_S
        while not pidfd.is_readable(self._control, LOOK_S):
            if self._over.is_set() or time.monotonic() > deadline:
                raise CheckerLost(f"The parent of checkers was not ready within {READY_S:.0f} s.")
        with contextlib.suppress(ConnectionError):
            said = self._control.recv(MESSAGE_BYTES)
        words = json.loads(said or b"{}")
        if words.get("ready"):
            return
        if "error" in words:
            raise CheckerLost(f"The parent of checkers did not start: {words['error']}")
        self._started.process.kill()
        self._started.process.wait()
        failure = start_failure(self._started.complaint())
        if isinstance(failure, KernelStartError):
            raise CheckerLost(str(failure).replace("The kernel's jail", "The jail of checkers"))
        raise failure

    def _clear(self) -> None:
        self._over.set()
        with self._lock:
            spare, self._spare = self._spare, None
        if spare is not None:
            spare.close()
        if self._control is not None:
            self._control.close()
        if self._started is not None:
            self._started.process.kill()
            self._started.process.wait()
            self._started.close()
            self._started = None


class Parents:
    """The parents of this process. One that failed or ended is replaced when the next checker is wanted."""

    def __init__(self, limits: CheckerLimits | None = None) -> None:
        self.limits = limits or CheckerLimits()
        self.compiled: dict[tuple[str, str], bytes] = {}  # slug and version -> its checks.py, as a checker compiled it
        self._parents: dict[tuple[Path, bool], Parent] = {}
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def keep(self, packages: Path, *, unsafe: bool = False) -> Parent:
        """The parent for a folder of assignments; begun, and not waited for, if there is none."""
        key = (packages.resolve(), unsafe)
        with self._lock:
            self._forget_if_forked()
            parent = self._parents.get(key)
            if parent is None or not parent.usable:
                if parent is not None:
                    parent.end()
                parent = self._parents[key] = Parent(packages, self.limits, unsafe=unsafe)
            return parent

    def pids(self) -> set[int]:
        """The outermost processes of all jails."""
        with self._lock:
            self._forget_if_forked()
            return {parent.pid for parent in self._parents.values() if parent.pid is not None}

    def stop(self) -> None:
        with self._lock:
            self._forget_if_forked()
            parents, self._parents = list(self._parents.values()), {}
        for parent in parents:
            parent.end()

    def _forget_if_forked(self) -> None:
        """A forked process has neither the threads nor the parents of the one that it was forked from."""
        if self._owner != os.getpid():
            self._owner, self._parents = os.getpid(), {}


CHECKERS = Parents()
