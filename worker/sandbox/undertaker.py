"""Removes kernels when nobody has to wait for it: their results are on their way meanwhile."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import logging
import os
import threading
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

MOST_WAITING = 8  # kernels that are not removed yet; whoever brings another one waits
WAIT_S = 60.0


class Undertaker:
    """A thread with an event loop of its own, begun when it is first needed; one a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: set[concurrent.futures.Future[None]] = set()
        self.unremoved = 0  # kernels that could not be removed, since the process began

    async def bury(self, remove: Callable[[], Awaitable[None]]) -> None:
        """`remove` will be called; it must not belong to the event loop of the caller."""
        while len(waiting := self._unfinished()) >= MOST_WAITING:
            await asyncio.wait({asyncio.wrap_future(one) for one in waiting}, return_when=asyncio.FIRST_COMPLETED)
        future = asyncio.run_coroutine_threadsafe(self._removed(remove), self._running_loop())
        with self._lock:
            self._waiting.add(future)
        future.add_done_callback(self._done)

    def wait(self, timeout_s: float = WAIT_S) -> bool:
        """Whether everything that was brought until now is removed in time."""
        return not concurrent.futures.wait(self._unfinished(), timeout_s).not_done

    def _unfinished(self) -> set[concurrent.futures.Future[None]]:
        with self._lock:
            self._forget_if_forked()
            return set(self._waiting)

    def _done(self, future: concurrent.futures.Future[None]) -> None:
        with self._lock:
            self._waiting.discard(future)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            self._forget_if_forked()
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="undertaker", daemon=True).start()
            return self._loop

    async def _removed(self, remove: Callable[[], Awaitable[None]]) -> None:
        try:
            await remove()
        except Exception:
            self.unremoved += 1
            log.exception("a kernel could not be removed")

    def _forget_if_forked(self) -> None:
        """A forked process has neither the thread nor the kernels of the one that it was forked from."""
        if self._owner != os.getpid():
            self._owner, self._loop, self._waiting = os.getpid(), None, set()


UNDERTAKER = Undertaker()


@atexit.register
def _at_exit() -> None:
    with contextlib.suppress(RuntimeError):
        UNDERTAKER.wait()
