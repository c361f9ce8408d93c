"""The bytes of a kernel's ZeroMQ sockets, fed to our end of the connection."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from worker.kernels.messages import Messages
from worker.kernels.meter import Meter
from worker.kernels.zmtp import GREETING, MAX_FRAMES, MalformedMessage, Peer, _frame, _ready

HELLO = GREETING + _ready("XPUB")


class Pipe(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.dropped = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.dropped = True


class Heard:
    """A peer, and what became of what it was told."""

    def __init__(self, kind: str = "SUB", allowed: int = 1 << 20) -> None:
        self.messages: list[list[bytes]] = []
        self.problems: list[MalformedMessage] = []
        self.exceeded = 0
        self.pipe = Pipe()
        self.peer = Peer(kind, Meter(allowed, self._exceed), self.messages.append, self.problems.append)
        self.peer.connection_made(self.pipe)

    def _exceed(self) -> None:
        self.exceeded += 1


def message(*frames: bytes) -> bytes:
    return b"".join(_frame(int(i < len(frames) - 1), frame) for i, frame in enumerate(frames))


@pytest.mark.parametrize("step", [1, 7, 64, 10_000])
def test_messages_arrive_whole_however_their_bytes_are_cut(step: int) -> None:
    heard, data = Heard(), HELLO + message(b"a", b"", b"x" * 300) + message(b"b")
    for start in range(0, len(data), step):
        heard.peer.data_received(data[start : start + step])
    assert heard.messages == [[b"a", b"", b"x" * 300], [b"b"]]


def test_a_subscription_is_sent_after_the_kernel_has_greeted_and_not_before() -> None:
    heard = Heard()
    assert heard.pipe.written == GREETING + _ready("SUB")
    heard.peer.data_received(HELLO)
    assert heard.pipe.written.endswith(_frame(0, b"\x01"))


def test_what_is_sent_early_waits_for_the_kernel() -> None:
    heard = Heard("DEALER")
    heard.peer.send([b"one", b"two"])
    assert b"one" not in heard.pipe.written
    heard.peer.data_received(HELLO)
    assert heard.pipe.written.endswith(message(b"one", b"two"))


def test_more_bytes_than_allowed_end_the_connection_before_they_are_read() -> None:
    heard = Heard(allowed=len(HELLO) + 10)
    heard.peer.data_received(HELLO)
    heard.peer.data_received(message(b"x" * 200))
    assert (heard.exceeded, heard.messages, heard.pipe.dropped) == (1, [], True)


def test_a_frame_that_claims_to_be_huge_is_only_waited_for() -> None:
    heard = Heard()
    heard.peer.data_received(HELLO + b"\x02" + b"\xff" * 8 + b"x")
    assert (heard.messages, heard.problems) == ([], [])


def test_a_message_of_too_many_parts_is_malformed() -> None:
    heard = Heard()
    heard.peer.data_received(HELLO + _frame(1, b"") * (MAX_FRAMES + 1))
    assert "too many parts" in str(heard.problems[0])
    assert heard.pipe.dropped


def test_something_else_than_zeromq_is_malformed() -> None:
    heard = Heard()
    heard.peer.data_received(b"HTTP/1.1 200 OK\r\n".ljust(64))
    assert "malformed" in str(heard.problems[0])


def test_a_message_that_was_written_is_read_back() -> None:
    messages = Messages(b"key")
    name, frames = messages.written("execute_request", {"code": "1 + 1"})
    read = messages.read([b"topic", *frames, b"buffer"])
    assert read["header"]["msg_id"] == name
    assert (read["msg_type"], read["content"], read["buffers"]) == ("execute_request", {"code": "1 + 1"}, [b"buffer"])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda frames: frames[1:],  # no delimiter
        lambda frames: frames[:4],
        lambda frames: [frames[0], b"0" * 64, *frames[2:]],
        lambda frames: [*frames[:5], b"[" * 100_000],
        lambda frames: [*frames[:2], b"x" * (1 << 17), *frames[3:]],
    ],
)
def test_what_is_no_message_is_malformed(spoil: Any) -> None:
    messages = Messages(b"key")
    _, frames = messages.written("status", {})
    with pytest.raises(MalformedMessage):
        messages.read(spoil(frames))


@pytest.mark.parametrize("part", [b"3", b"null", b"[1]", b"{", b"[" * 100_000, b"\xff"])
def test_a_signed_message_whose_content_is_no_object_is_malformed(part: bytes) -> None:
    messages = Messages(b"key")
    _, frames = messages.written("status", {})
    parts = [*frames[2:5], part]
    with pytest.raises(MalformedMessage):
        messages.read([frames[0], messages._signature(parts), *parts])
