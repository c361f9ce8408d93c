"""Carries bytes between our ZeroMQ sockets and the kernel's, and counts what the kernel sends.

ZeroMQ alone cannot bound what a hostile peer makes us hold: its limits count messages, and one message may have
parts without end. Here the bytes are counted before ZeroMQ sees them.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable


class Meter:
    """How many bytes the kernel may still send."""

    def __init__(self, allowed: int, exceeded: Callable[[], None]) -> None:
        self.left = allowed
        self._exceeded = exceeded

    def spend(self, size: int) -> bool:
        self.left -= size
        if self.left >= 0:
            return True
        self._exceeded()
        return False


class _End(asyncio.Protocol):
    """One of two sockets: what it hears goes to the other, which may ask for a pause."""

    other: _End

    def __init__(self, meter: Meter | None, over: asyncio.Event) -> None:
        self._meter = meter
        self._over = over
        self._transport: asyncio.Transport | None = None
        self._early: list[bytes] = []  # what came for us before we were there
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        for data in self._early:
            transport.write(data)

    def send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
        elif not self._lost:
            self._early.append(data)

    def finish(self) -> None:
        """Closes it once all is sent."""
        if self._transport is not None:
            self._transport.close()

    def drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._meter is not None and not self._meter.spend(len(data)):
            self._over.set()
        elif not self._over.is_set():
            self.other.send(data)

    def pause_writing(self) -> None:
        if self.other._transport is not None:
            self.other._transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other._transport is not None:
            self.other._transport.resume_reading()

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport, self._lost = None, True  # a closed transport must not be closed again
        self._over.set()
        self.other.finish()


class Relay:
    """One channel: accepts our own socket on `listener`, and connects it to the kernel's at `address`."""

    def __init__(self, listener: socket.socket, address: str, meter: Meter) -> None:
        self._listener = listener
        self._address = address
        self._meter = meter
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._listener.setblocking(False)
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._listener.close()

    async def _run(self) -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        ours, _ = await loop.sock_accept(self._listener)
        theirs = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        inner, outer = _End(None, over), _End(self._meter, over)
        inner.other, outer.other = outer, inner
        try:
            theirs.setblocking(False)
            await loop.sock_connect(theirs, self._address)
            await loop.create_unix_connection(lambda: outer, sock=theirs)
            await loop.create_unix_connection(lambda: inner, sock=ours)
            await over.wait()
            inner.finish()  # what the kernel said last still arrives
            await asyncio.Event().wait()
        except OSError:
            return  # the kernel is gone; whoever waits for it is told by its pidfd
        finally:
            outer.drop()
            inner.drop()
            await asyncio.sleep(0)  # that much time the transports need to close
            ours.close()
            theirs.close()
