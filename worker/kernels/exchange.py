"""Questions to the collector, over a socket of their own: see worker/sandbox/inside/asking.py for the format.

Many are sent at once. The kernel writes each answer before it looks at the next question, so whether an answer counts
that was given before a later call ended the process is no matter of luck.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from worker.kernels.zmtp import MalformedMessage

HEADER = struct.Struct("<III")  # number, bytes of the tree, bytes of the data
SKIP = 0xFFFFFFFF
MAX_TREE_BYTES, MAX_DATA_BYTES = 4 << 20, 32 << 20  # more than that the collector never sends


@dataclass(frozen=True)
class Question:
    name: str  # of what is asked for: once one times out, the others of that name are not asked
    tree: bytes
    data: bytes


@dataclass(frozen=True)
class RawReply:
    """What the kernel sent, as it came: nothing about it is known but its size."""

    tree: bytes
    data: bytes


@dataclass(frozen=True)
class TooSlow:
    """There was no reply in so many seconds, and the kernel was interrupted."""

    seconds: float


@dataclass(frozen=True)
class Gone:
    """The kernel died or was ended; `reason` is a sentence for the student."""

    reason: str


class Exchange(asyncio.Protocol):
    """One series of questions after the other."""

    def __init__(self, broken: Callable[[MalformedMessage], None]) -> None:
        self._broken = broken
        self._transport: asyncio.Transport | None = None
        self._heard = bytearray()
        self._waited_for: list[int] = []
        self._change: asyncio.Future[None] | None = None
        self.replies: list[RawReply] = []
        self.answered_at = 0.0  # time.monotonic()

    @classmethod
    async def open(cls, ours: socket.socket, broken: Callable[[MalformedMessage], None]) -> Exchange:
        ours.setblocking(False)
        _, made = await asyncio.get_running_loop().create_unix_connection(lambda: cls(broken), sock=ours)
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.pause_reading()  # nobody has asked anything

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport = None

    def drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def ask(self, questions: Sequence[Question]) -> asyncio.Future[None]:
        """Done when all replies are there, which come to `replies` one by one."""
        numbers = [secrets.randbits(32) for _ in questions]  # nobody knows them before, and can answer early
        frames = [
            HEADER.pack(number, len(question.tree), len(question.data)) + question.tree + question.data
            for number, question in zip(numbers, questions, strict=True)
        ]
        return self._expect(numbers, frames)

    def skip(self) -> asyncio.Future[None]:
        """Takes back what is not answered yet. Done when the kernel is ready for other questions."""
        number = secrets.randbits(32)
        return self._expect([number], [HEADER.pack(number, SKIP, 0)])

    def _expect(self, numbers: list[int], frames: list[bytes]) -> asyncio.Future[None]:
        self._waited_for, self.replies = numbers, []
        self._change = asyncio.get_running_loop().create_future()
        self.answered_at = time.monotonic()
        if self._transport is not None:
            self._transport.resume_reading()
            self._transport.write(b"".join(frames))
        return self._change

    def data_received(self, data: bytes) -> None:
        self._heard += data
        try:
            while self._take():
                pass
        except MalformedMessage as problem:
            self.drop()
            self._broken(problem)

    def _take(self) -> bool:
        if len(self._heard) < HEADER.size:
            return False
        number, tree_size, data_size = HEADER.unpack_from(self._heard)
        if tree_size > MAX_TREE_BYTES or data_size > MAX_DATA_BYTES:
            raise MalformedMessage("the kernel sent a malformed message")
        middle, end = HEADER.size + tree_size, HEADER.size + tree_size + data_size
        if len(self._heard) < end:
            return False
        if self._waited_for and number == self._waited_for[0]:  # else it answers what was taken back
            self._answered(RawReply(bytes(self._heard[HEADER.size : middle]), bytes(self._heard[middle:end])))
        del self._heard[:end]
        return True

    def _answered(self, reply: RawReply) -> None:
        self.replies.append(reply)
        self.answered_at = time.monotonic()
        del self._waited_for[0]
        if not self._waited_for:
            assert self._transport is not None
            self._transport.pause_reading()
            if self._change is not None and not self._change.done():
                self._change.set_result(None)
