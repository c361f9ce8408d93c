"""The worker's hold on one checker: a forked process that carries out the checks of one notebook."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import time
from collections.abc import Awaitable
from typing import Any, TypeVar

from worker.checker.errors import CheckerLost
from worker.checker.inside.frames import HEAD, Frame, FrameError, Kind, sizes_of, to_bytes
from worker.sandbox import pidfd

T = TypeVar("T")

END_S = 5.0  # a process that ends closes its channel first
REPORT_S = 60.0  # its parent may be busy with what it does ahead
TRACE_S = 5.0  # only one that hangs outside Python, or on a very busy machine, takes so long
MAX_TRACE_BYTES = 16_384
LINE_OF_CHECKS = re.compile(rb'/checks\.py", line \d+ in ')
LINE_OF_TRACE = re.compile(r'File "(?P<file>[^"\n]+)", line (?P<line>\d+)')


class CheckerEnded(Exception):
    """The checker ended, hung, or said what no checker says, and is gone. `why` is for staff; `trace` is where it was,
    as its own fault handler told ("" if it could not)."""

    def __init__(self, why: str, trace: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.trace = trace


class CheckerProcess:
    """Nothing that it says is believed. `spent_s` is the time for which we waited for it."""

    def __init__(self, channel: socket.socket, trace: int, report: int, handle: int) -> None:
        channel.setblocking(False)
        self._channel = channel
        self._trace = trace
        self._report = report
        self._handle = handle
        self._heard = b""
        self._traced = b""
        self._closed = False
        self.spent_s = 0.0

    async def send(self, kind: Kind, words: dict[str, Any], data: bytes, allowed_s: float) -> None:
        """Raises CheckerEnded or CheckerLost."""
        message = to_bytes(kind, words, data)
        await self._within(allowed_s, asyncio.get_running_loop().sock_sendall(self._channel, message))

    async def receive(self, allowed_s: float) -> Frame:
        """The next message, as soon as it is there. Raises CheckerEnded or CheckerLost."""
        try:
            return await self._within(allowed_s, self._frame())
        except FrameError as problem:
            raise self.ended(f"it sent {problem} instead of a message of its protocol") from None

    async def _within(self, allowed_s: float, action: Awaitable[T]) -> T:
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, allowed_s - self.spent_s)):
                return await action
        except TimeoutError:
            raise await self._hung(allowed_s) from None
        except (OSError, EOFError):
            raise await self._gone() from None
        finally:
            self.spent_s += time.monotonic() - began

    async def _frame(self) -> Frame:
        kind, text, data = sizes_of(await self._exactly(HEAD.size))
        return Frame(kind, await self._exactly(text), await self._exactly(data))

    async def _exactly(self, size: int) -> bytes:
        """What came too early is kept: heads and small messages mostly come together."""
        loop = asyncio.get_running_loop()
        parts, length = [self._heard], len(self._heard)
        while length < size:
            part = await loop.sock_recv(self._channel, max(1 << 16, min(size - length, 1 << 20)))
            if not part:
                raise EOFError
            parts.append(part)
            length += len(part)
        heard = parts[0] if len(parts) == 1 else b"".join(parts)
        self._heard = heard[size:]
        return heard[:size]

    async def _hung(self, allowed_s: float) -> CheckerEnded:
        """Asks it where it is before it is ended: that signal writes its trace, even inside a C function."""
        pidfd.send(self._handle, signal.SIGUSR1)
        await asyncio.to_thread(self._hear_trace)
        return self.ended(f"it took longer than the {allowed_s:g} s that it may compute, and was stopped")

    async def _gone(self) -> CheckerEnded | CheckerLost:
        if not await asyncio.to_thread(pidfd.is_readable, self._handle, END_S):
            return self.ended("it closed its channel to the worker")
        await asyncio.to_thread(pidfd.is_readable, self._report, REPORT_S)
        told = os.read(self._report, 4096) if pidfd.is_readable(self._report, 0) else b""
        if not told:
            self.close()
            return CheckerLost("The checker was lost with the process that it was forked from.")
        return self.ended(_how(int(json.loads(told)["code"])))

    def ended(self, why: str) -> CheckerEnded:
        """Ends it now, whatever it is doing."""
        if not self._closed:
            self._read_trace()
        self.close()
        return CheckerEnded(why, self._traced.decode("utf-8", "replace"))

    def _hear_trace(self) -> None:
        """It comes in many pieces; the line of checks.py is enough."""
        deadline = time.monotonic() + TRACE_S
        while not LINE_OF_CHECKS.search(self._traced) and (left := deadline - time.monotonic()) > 0:
            if not pidfd.is_readable(self._trace, left) or not self._read_trace():
                return

    def _read_trace(self) -> bool:
        """Whether there was more of it."""
        more = b""
        if len(self._traced) < MAX_TRACE_BYTES and pidfd.is_readable(self._trace, 0):
            more = os.read(self._trace, MAX_TRACE_BYTES)
        self._traced += more
        return bool(more)

    def close(self) -> None:
        """It is killed if it lives. A second time is no error."""
        if self._closed:
            return
        self._closed = True
        pidfd.send(self._handle, signal.SIGKILL)
        self._channel.close()
        for descriptor in (self._trace, self._report, self._handle):
            os.close(descriptor)


def _how(code: int) -> str:
    if code >= 0:
        return f"its process ended with exit code {code} before it was done (os._exit?)"
    with contextlib.suppress(ValueError):
        described = signal.strsignal(-code)
        more = " (out of computing time, or the machine is out of memory)" if -code == signal.SIGKILL else ""
        return f"its process was killed by signal {-code} ({described}){more}"
    return f"its process was killed by signal {-code}"
