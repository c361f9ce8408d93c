"""Our side of a kernel's shell and iopub channels. Interrupting and ending are done from outside, by signal."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from worker.kernels.messages import Message, Messages
from worker.kernels.meter import Meter
from worker.kernels.zmtp import Broken, Peer

KINDS = {"shell": "DEALER", "iopub": "SUB"}

Heard = Callable[[Message], None]


def ignored(message: Message) -> None:
    """For what the kernel says when nobody asked it for anything."""


class Link:
    """`on_reply` and `on_output` get what the kernel says; what they raise about it must be MalformedMessage."""

    def __init__(self, messages: Messages, addresses: Mapping[str, str], meter: Meter, broken: Broken) -> None:
        self._messages = messages
        self._addresses = addresses
        self._meter = meter
        self._broken = broken
        self._peers: dict[str, Peer] = {}
        self.on_reply: Heard = ignored
        self.on_output: Heard = ignored

    async def open(self) -> None:
        """The kernel's sockets must listen; the kernel need not be there. A second time where it was another one."""
        self.drop()
        for channel, address in self._addresses.items():
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.connect(address)
                connection.setblocking(False)
                heard = partial(self._heard, channel)
                self._peers[channel] = peer = Peer(KINDS[channel], self._meter, heard, self._broken)
                await asyncio.get_running_loop().create_unix_connection(lambda made=peer: made, sock=connection)  # type: ignore[misc]
            except BaseException:
                connection.close()
                raise

    @property
    def is_open(self) -> bool:
        return len(self._peers) == len(self._addresses) and all(peer.is_open for peer in self._peers.values())

    def send(self, kind: str, content: Mapping[str, Any]) -> str:
        """On the shell channel; the message's id."""
        name, frames = self._messages.written(kind, content)
        self._peers["shell"].send(frames)
        return name

    def drop(self) -> None:
        for peer in self._peers.values():
            peer.drop()
        self._peers = {}

    def _heard(self, channel: str, frames: list[bytes]) -> None:
        message = self._messages.read(frames)
        if channel == "shell":
            self.on_reply(message)
        else:
            self.on_output(message)
