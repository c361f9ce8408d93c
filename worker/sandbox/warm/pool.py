"""Kernels ready to be taken, for one environment: a thread keeps a warm parent alive and spare kernels forked."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable

from worker.environments import Environment
from worker.sandbox.errors import KernelStartError, SandboxUnavailable
from worker.sandbox.installation import installation_of
from worker.sandbox.undertaker import UNDERTAKER
from worker.sandbox.warm.parent import ParentFailed, Spare, WarmParent

log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
CALM_S = 600.0  # a parent that lived so long starts anew without a pause
QUIET_S = 0.3  # a spare is forked when the kernel before it is gone, or this long after that was taken
LOOK_S = 10.0
GROWN = 1.5  # times its first memory, and the margin
GROWN_MARGIN_KIB = 64 << 10


class Pool:
    """`take` never waits for a parent to start: whoever gets None starts a kernel from nothing."""

    def __init__(self, environment: Environment, spares: int) -> None:
        self.environment = environment
        self.trouble = ""  # why there is no parent, for staff; "" while there is one or it is being started
        self.restarts = 0
        self.taken = 0  # kernels
        self._wanted = spares
        self._spares: deque[Spare] = deque()
        self._parent: WarmParent | None = None
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._refill_at = 0.0
        self._stopping = False
        self._bell_read, self._bell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._keep, name=f"warm-{environment.name}", daemon=True)
        self._thread.start()

    @property
    def parent(self) -> WarmParent | None:
        return self._parent

    @property
    def spares(self) -> list[Spare]:
        with self._lock:
            return list(self._spares)

    def take(self) -> Spare | None:
        """A kernel without an order, or None where none can be had at once."""
        return self.take_ready() or self.take_forked()

    def take_ready(self) -> Spare | None:
        """One that was forked in advance. Never blocks."""
        with self._lock:
            spare = self._spares.popleft() if self._spares else None
            self._refill_at = time.monotonic() + QUIET_S
            self.taken += spare is not None
        self._ring()
        return spare

    def take_forked(self) -> Spare | None:
        """One that is forked now."""
        parent, spare = self._parent, None
        if parent is not None:
            try:
                spare = parent.fork()
            except ParentFailed as problem:
                self.misbehaved(parent, str(problem))
        with self._lock:
            self.taken += spare is not None
        return spare

    def given_back(self) -> None:
        """A kernel is gone: a good moment to fork the next."""
        with self._lock:
            self._refill_at = 0.0
        self._ring()

    def misbehaved(self, parent: WarmParent, why: str) -> None:
        """This parent is not used again."""
        with self._lock:
            if self._parent is not parent:
                return
            self._parent = None
            self.trouble = why
        log.warning("the warm parent of %s is given up: %s", self.environment.name, why)
        self._ring()

    def wait(self, timeout_s: float, spares: int = 0) -> bool:
        """Whether there is a parent, with that many spare kernels, in time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._parent is not None and len(self._spares) >= spares, timeout=timeout_s
            )

    def stop(self) -> None:
        with self._lock:
            self._stopping = True
        self._ring()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _ring(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):  # it rings already, or nobody listens any more
            os.write(self._bell, b"x")

    def _keep(self) -> None:
        pause_s = FIRST_PAUSE_S
        try:
            while not self._stopping:
                began = time.monotonic()
                self._live()
                if self._stopping:
                    break
                pause_s = FIRST_PAUSE_S if time.monotonic() - began > CALM_S else min(2 * pause_s, LONGEST_PAUSE_S)
                self._pause(pause_s / 2)
                self.restarts += 1
        finally:
            os.close(self._bell)
            os.close(self._bell_read)

    def _live(self) -> None:
        """The life of one parent, from its start to its end."""
        parent = self._started()
        if parent is None:
            return
        try:
            while not self._stopping and self._parent is parent:
                self._refill(parent)
                if self._is_over(parent):
                    break
        finally:
            with self._lock:
                self._parent = None
                spares = list(self._spares)
                self._spares.clear()
            for spare in spares:
                spare.discard()
            parent.end() if parent.ended or self._stopping else parent.retire()

    def _started(self) -> WarmParent | None:
        try:
            installation = installation_of(self.environment)
            parent = WarmParent(installation, self.environment.preload, lambda: self._stopping)
        except (SandboxUnavailable, KernelStartError, ParentFailed, OSError) as problem:
            self.trouble = str(problem)
            if not self._stopping:
                log.warning("no warm parent for %s: %s", self.environment.name, problem)
            return None
        if parent.skipped:
            log.info("%s has no %s to preload", self.environment.name, ", ".join(parent.skipped))
        with self._changed:
            self._parent, self.trouble = parent, ""
            self._changed.notify_all()
        return parent

    def _refill(self, parent: WarmParent) -> None:
        """One spare kernel if one is missing and it is time; then waits for something to happen."""
        with self._lock:
            missing = len(self._spares) < self._wanted
            wait_s = max(0.0, self._refill_at - time.monotonic()) if missing else LOOK_S
        if not missing or wait_s > 0:
            self._listen(parent.pidfd, wait_s)
            return
        try:
            spare = parent.fork()
        except ParentFailed as problem:
            self.misbehaved(parent, str(problem))
            return
        with self._changed:
            self._spares.append(spare)
            self._changed.notify_all()

    def _is_over(self, parent: WarmParent) -> bool:
        if parent.ended:
            self.misbehaved(parent, "it ended")
            return True
        if parent.memory_kib() > parent.first_memory_kib * GROWN + GROWN_MARGIN_KIB:
            self.misbehaved(parent, "its memory has grown")
            return True
        return False

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            self._listen(None, left)

    def _listen(self, pidfd: int | None, seconds: float) -> None:
        poller = select.poll()
        for descriptor in (self._bell_read, pidfd):
            if descriptor is not None:
                poller.register(descriptor, select.POLLIN)
        poller.poll(seconds * 1000)
        with contextlib.suppress(BlockingIOError):
            os.read(self._bell_read, 4096)


class Pools:
    """The pools of this process, by the interpreter of their environment and its GPU."""

    def __init__(self, make: Callable[[Environment, int], Pool] = Pool) -> None:
        self._make = make
        self._pools: dict[tuple[str, str], Pool] = {}
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def keep_warm(self, environment: Environment, spares: int = 1) -> Pool | None:
        """The pool of an environment, begun if there is none; None for an environment with nothing to preload."""
        if not environment.preload:
            return None
        with self._lock:
            self._forget_if_forked()
            key = _key(environment)
            if key not in self._pools:
                self._pools[key] = self._make(environment, spares)
            return self._pools[key]

    def find(self, environment: Environment) -> Pool | None:
        with self._lock:
            self._forget_if_forked()
            return self._pools.get(_key(environment))

    def drop(self, uuid: str) -> None:
        """Ends what was made for a GPU, without waiting for it: a sick one may not let go of its processes."""
        with self._lock:
            self._forget_if_forked()
            gone = [self._pools.pop(key) for key in list(self._pools) if key[1] == uuid]
        for pool in gone:
            threading.Thread(target=pool.stop, name="dropped-pool", daemon=True).start()

    def spares_with_gpu(self) -> list[Spare]:
        """Kernels that wait for a job and may have begun CUDA."""
        with self._lock:
            self._forget_if_forked()
            pools = [pool for key, pool in self._pools.items() if key[1]]
        return [spare for pool in pools for spare in pool.spares]

    def stop(self) -> None:
        UNDERTAKER.wait()
        with self._lock:
            self._forget_if_forked()
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.stop()

    def _forget_if_forked(self) -> None:
        """A forked process has neither the threads nor the parents of the one that it was forked from."""
        if self._owner != os.getpid():
            self._owner, self._pools = os.getpid(), {}


def _key(environment: Environment) -> tuple[str, str]:
    """Kernels with a GPU are forked from a parent that was given its device files, others from one that was not."""
    return str(environment.interpreter), environment.gpu.uuid if environment.gpu is not None else ""


POOLS = Pools()
