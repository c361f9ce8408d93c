"""The messages between the worker and one checker: a kind, a text in JSON, and bytes that nobody looks into.

Standard library alone: both sides read it. No pickle in either direction.
"""

from __future__ import annotations

import json
import socket
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

HEAD = struct.Struct("!BII")  # kind, bytes of the text, bytes of the data
MAX_TEXT_BYTES = 4 << 20
MAX_DATA_BYTES = 256 << 20

# what the parent of checkers is asked for: one that has time to get warm, or one that somebody waits for
AHEAD, NOW = b"ahead", b"now"


class Kind(IntEnum):
    OPEN = 1  # worker: load this checks.py
    CHECK = 2  # worker: carry out one check now
    ANSWER = 3  # worker: what the kernel said to one question of an ASK
    OPENED = 11  # checker: loaded; the data is the compiled code, for the next checker
    UNUSABLE = 12  # checker: checks.py cannot be used
    ASK = 13  # checker: questions for the kernel's collector
    OUTCOME = 14  # checker: what the check concluded
    BROKEN = 15  # checker: the check raised


class FrameError(Exception):
    """What came is no message."""


@dataclass(frozen=True)
class Frame:
    kind: Kind
    text: bytes
    data: bytes = b""

    def words(self) -> dict[str, Any]:
        """The text as an object. Raises FrameError."""
        try:
            words = json.loads(self.text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise FrameError("a text that is not JSON") from None
        if not isinstance(words, dict):
            raise FrameError("a text that is no object")
        return words


def _refuse(name: str) -> float:
    raise FrameError(f"the number {name}")


def to_bytes(kind: Kind, words: dict[str, Any], data: bytes = b"") -> bytes:
    text = json.dumps(words, separators=(",", ":")).encode()
    return HEAD.pack(kind, len(text), len(data)) + text + data


def sizes_of(head: bytes) -> tuple[Kind, int, int]:
    """Kind, bytes of text, bytes of data. Raises FrameError for what is unknown or too large."""
    number, text, data = HEAD.unpack(head)
    try:
        kind = Kind(number)
    except ValueError:
        raise FrameError(f"a message of the unknown kind {number}") from None
    if text > MAX_TEXT_BYTES or data > MAX_DATA_BYTES:
        raise FrameError(f"a message of {(text + data) >> 20} MiB")
    return kind, text, data


class Channel:
    """The checker's end: it sends and waits, nothing else goes on."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, kind: Kind, words: dict[str, Any], data: bytes = b"") -> None:
        self._connection.sendall(to_bytes(kind, words, data))

    def receive(self) -> Frame:
        """Raises EOFError when the worker has closed its end."""
        kind, text, data = sizes_of(self._exactly(HEAD.size))
        return Frame(kind, self._exactly(text), self._exactly(data))

    def _exactly(self, size: int) -> bytes:
        parts, left = [], size
        while left:
            part = self._connection.recv(min(left, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            left -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
