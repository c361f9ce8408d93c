"""A series of questions to the collector, each sent when the one before it is answered.

Never several at once: a call that ends the process would take along replies that ZeroMQ has not yet written, and
whether an earlier answer counts would be a matter of luck.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import zmq

from worker.kernels.client import Client, MalformedMessage
from worker.kernels.relay import Meter
from worker.sandbox import pidfd
from worker.sandbox.orders import KernelProcess

REQUEST = "grader_request"
REPLY_BYTES = 37 << 20  # what the collector sends at most, and a little


@dataclass(frozen=True)
class Question:
    name: str  # of what is asked for, for messages to the student
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


class Exchange:
    """`async with Exchange(…) as exchange:`, then `answer` for each question."""

    def __init__(self, client: Client, process: KernelProcess, meter: Meter) -> None:
        self._client = client
        self._process = process
        self._meter = meter
        self._left = meter.left

    async def __aenter__(self) -> Exchange:
        self._died = asyncio.create_task(pidfd.ended(self._process.pidfd))
        return self

    async def __aexit__(self, *problem: object) -> None:
        self._meter.left = self._left
        self._died.cancel()
        await asyncio.gather(self._died, return_exceptions=True)

    async def answer(self, question: Question) -> RawReply | Gone:
        """The kernel's reply, or Gone."""
        self._meter.left = self._left + REPLY_BYTES  # what a reply takes is not output
        session, shell = self._client.session, self._client.shell_channel
        sent = session.send(shell.socket, REQUEST, content={}, buffers=[question.tree, question.data])
        reply = asyncio.create_task(self._receive(sent["header"]["msg_id"]))
        try:
            await asyncio.wait({self._died, reply}, return_when=asyncio.FIRST_COMPLETED)
            if reply.done():
                return reply.result()
        except MalformedMessage as problem:
            self._process.kill(str(problem))
        finally:
            reply.cancel()
            await asyncio.gather(reply, return_exceptions=True)
        return Gone(self._process.death_reason)

    async def _receive(self, wanted: str) -> RawReply:
        while True:
            message = await self._client.shell_channel.get_msg()
            if message["parent_header"].get("msg_id") == wanted:
                break
        await self._drain()
        buffers = [bytes(buffer) for buffer in message["buffers"]]
        if len(buffers) != 2:
            raise MalformedMessage("the kernel sent a malformed message")
        return RawReply(*buffers)

    async def _drain(self) -> None:
        """Throws away what the kernel published meanwhile: nobody asked for it."""
        socket = self._client.iopub_channel.socket
        while socket.get(zmq.EVENTS) & zmq.POLLIN:
            await socket.recv_multipart()
