"""Messages between worker and checker: what is too large or unknown is refused before it is read."""

from __future__ import annotations

import socket

import pytest

from worker.checker.inside.frames import HEAD, MAX_DATA_BYTES, Channel, Frame, FrameError, Kind, sizes_of, to_bytes


def test_a_message_travels() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Channel(ours).send(Kind.ASK, {"names": ["f"]}, b"123")
        frame = Channel(theirs).receive()
    assert (frame.kind, frame.words(), frame.data) == (Kind.ASK, {"names": ["f"]}, b"123")


def test_the_end_is_noticed_in_the_middle_of_a_message() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            ours.sendall(to_bytes(Kind.ASK, {}, b"123")[:-1])
        with pytest.raises(EOFError):
            Channel(theirs).receive()


@pytest.mark.parametrize("head", [(99, 0, 0), (Kind.ASK, 1 << 31, 0), (Kind.ASK, 0, MAX_DATA_BYTES + 1)])
def test_an_impossible_head_is_refused(head: tuple[int, int, int]) -> None:
    with pytest.raises(FrameError):
        sizes_of(HEAD.pack(*head))


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff", b'{"a": NaN}', b'{"a": 1e999x}', b"[" * 100_000])
def test_a_text_that_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(FrameError):
        Frame(Kind.OUTCOME, text).words()
