"""Jupyter's messages, written and read (https://jupyter-client.readthedocs.io/en/stable/messaging.html)."""

from __future__ import annotations

import datetime
import hmac
import itertools
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from worker.kernels.zmtp import MalformedMessage

DELIMITER = b"<IDS|MSG>"
VERSION = "5.3"
PARTS = ("header", "parent_header", "metadata", "content")
MAX_HEAD_BYTES = 1 << 16

Message: TypeAlias = dict[str, Any]  # in the form that nbclient takes


class Messages:
    """`key` signs and verifies, with HMAC-SHA256."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._session = uuid.uuid4().hex
        self._numbers = itertools.count(1)

    def written(self, kind: str, content: Mapping[str, Any]) -> tuple[str, list[bytes]]:
        """(the message's id, its frames)."""
        name = f"{self._session}_{next(self._numbers)}"
        header = {
            "msg_id": name,
            "msg_type": kind,
            "username": "grader",
            "session": self._session,
            "date": datetime.datetime.now(datetime.UTC).isoformat(),
            "version": VERSION,
        }
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        return name, [DELIMITER, self._signature(parts), *parts]

    def read(self, frames: Sequence[bytes]) -> Message:
        """Raises MalformedMessage for whatever a kernel in its right mind does not send."""
        try:
            start = frames.index(DELIMITER) + 1
            signature, *parts = frames[start : start + 5]
            if len(parts) != len(PARTS) or any(len(part) > MAX_HEAD_BYTES for part in parts[:2]):
                raise ValueError("parts missing, or a header too long")
            if not hmac.compare_digest(signature, self._signature(parts)):
                raise ValueError("not signed with the key")
            message: Message = {name: _object(part) for name, part in zip(PARTS, parts, strict=True)}
            message["msg_type"] = kind = message["header"]["msg_type"]
            if not isinstance(kind, str):
                raise TypeError("the type is no text")
        except (ValueError, TypeError, KeyError, RecursionError):
            raise MalformedMessage("the kernel sent a malformed message") from None
        message["buffers"] = list(frames[start + 5 :])
        return message

    def _signature(self, parts: Sequence[bytes]) -> bytes:
        return hmac.digest(self._key, b"".join(parts), "sha256").hex().encode()


def _object(part: bytes) -> dict[str, Any]:
    if part == b"{}":
        return {}
    parsed = json.loads(part.decode("utf-8", "surrogatepass"))
    if not isinstance(parsed, dict):
        raise TypeError("no object")
    return parsed
