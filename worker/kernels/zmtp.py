"""Our end of a ZeroMQ connection to a kernel, without ZeroMQ (https://rfc.zeromq.org/spec/23/).

libzmq cannot bound what a hostile peer makes us hold: its limits count messages, and one message may have parts
without end. Here every byte is counted as it comes. It also saves two threads and several hops a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from worker.kernels.meter import Meter

SIGNATURE = b"\xff" + bytes(8) + b"\x7f"
GREETING = SIGNATURE + b"\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
SUBSCRIBE_TO_ALL = b"\x01"
MORE, LONG, COMMAND = 1, 2, 4
MAX_FRAMES = 1_000  # of one message


class MalformedMessage(Exception):
    """The kernel sent something that is no Jupyter message; the text is for the student."""


Received = Callable[[list[bytes]], None]
Broken = Callable[[MalformedMessage], None]


class Peer(asyncio.Protocol):
    """Greets at once, as the kernel may not exist yet; what is to be sent waits until the kernel has greeted too.

    libzmq drops a connection on which a subscription comes together with the greeting.
    """

    def __init__(self, kind: str, meter: Meter, received: Received, broken: Broken) -> None:
        """`kind`: "DEALER" or "SUB". `received` gets the frames of each message; it may raise MalformedMessage."""
        self._kind = kind
        self._meter = meter
        self._received = received
        self._broken = broken
        self._transport: asyncio.Transport | None = None
        self._heard = bytearray()
        self._is_greeted = False
        self._waiting: list[bytes] | None = []  # to be sent; None once the kernel is ready for it
        self._frames: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(GREETING + _ready(self._kind))
        if self._kind == "SUB":
            self.send([SUBSCRIBE_TO_ALL])

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    def send(self, frames: Sequence[bytes]) -> None:
        last = len(frames) - 1
        data = b"".join(_frame(MORE if i < last else 0, part) for i, part in enumerate(frames))
        if self._waiting is not None:
            self._waiting.append(data)
        elif self._transport is not None:
            self._transport.write(data)

    def drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if not self._meter.spend(len(data)):
            self.drop()
            return
        self._heard += data
        try:
            self._take_all()
        except MalformedMessage as problem:
            self.drop()
            self._broken(problem)

    def _take_all(self) -> None:
        if not self._is_greeted:
            if len(self._heard) < len(GREETING):
                return
            if self._heard[:1] != SIGNATURE[:1] or self._heard[9] != SIGNATURE[9] or self._heard[10] < 3:
                raise MalformedMessage("the kernel sent a malformed message")
            self._is_greeted = True
            del self._heard[: len(GREETING)]
        at = 0
        while (end := self._take(at)) > at:
            at = end
        del self._heard[:at]

    def _take(self, at: int) -> int:
        """Where the frame that begins at `at` ends; `at` if not all of it is there."""
        heard = self._heard
        if len(heard) < at + 2:
            return at
        flags = heard[at]
        if flags & LONG:
            if len(heard) < at + 9:
                return at
            first, size = at + 9, int.from_bytes(heard[at + 1 : at + 9], "big")
        else:
            first, size = at + 2, heard[at + 1]
        if len(heard) < first + size:
            return at
        if not flags & COMMAND:
            self._frame(flags, bytes(heard[first : first + size]))
        elif self._waiting is not None and self._transport is not None:  # it is READY; other commands say nothing
            self._transport.write(b"".join(self._waiting))
            self._waiting = None
        return first + size

    def _frame(self, flags: int, body: bytes) -> None:
        self._frames.append(body)
        if len(self._frames) > MAX_FRAMES:
            raise MalformedMessage("the kernel sent a message of too many parts")
        if not flags & MORE:
            frames, self._frames = self._frames, []
            self._received(frames)


def _frame(flags: int, body: bytes) -> bytes:
    if len(body) < 256:
        return bytes((flags, len(body))) + body
    return bytes((flags | LONG,)) + len(body).to_bytes(8, "big") + body


def _ready(kind: str) -> bytes:
    properties = b"\x0bSocket-Type" + len(kind).to_bytes(4, "big") + kind.encode()
    if kind == "DEALER":
        properties += b"\x08Identity" + bytes(4)
    body = b"\x05READY" + properties
    return bytes((COMMAND, len(body))) + body
