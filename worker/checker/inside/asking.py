"""The `Ask` that a check holds: questions go through the worker to the kernel's collector, values come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from assignments.asking import Call, KernelGone, Reply, TimedOut, Uncarried
from worker.checker.inside.frames import Channel, FrameError, Kind
from worker.checker.inside.values import decode_reply, encode_call, encode_read


class RelayedAsk:
    """One check's view of one kernel at one moment of the notebook.

    `gone` says why there is no kernel any more ("" while there is one); every question is then answered with it.
    """

    def __init__(self, channel: Channel, *, rng: np.random.Generator, answers: Mapping[str, str], gone: str) -> None:
        self._channel = channel
        self._rng = rng
        self._answers = answers
        self._gone = gone

    @property
    def rng(self) -> np.random.Generator:
        return self._rng

    @property
    def answers(self) -> Mapping[str, str]:
        return self._answers

    def call(self, function: str, *arguments: Any, **options: Any) -> Reply:
        return self.calls([Call(function, arguments, **options)])[0]

    def calls(self, calls: Sequence[Call]) -> list[Reply]:
        requests = [
            encode_call(call.function, call.arguments, call.keywords, call.variables, call.given) for call in calls
        ]
        return self._ask([call.function for call in calls], requests)

    def read(self, name: str) -> Reply:
        return self._ask([name], [encode_read(name)])[0]

    def _ask(self, names: Sequence[str], requests: Sequence[tuple[bytes, bytes]]) -> list[Reply]:
        if self._gone:
            return [KernelGone(self._gone)] * len(names)
        if not names:
            return []
        sizes = [[len(tree), len(data)] for tree, data in requests]
        blob = b"".join(part for request in requests for part in request)
        self._channel.send(Kind.ASK, {"names": list(names), "sizes": sizes}, blob)
        return [self._reply(name) for name in names]

    def _reply(self, name: str) -> Reply:
        frame = self._channel.receive()
        if frame.kind is not Kind.ANSWER:
            raise FrameError(f"an answer was expected, {frame.kind.name} came")
        return reply_of(name, frame.words(), frame.data)


def reply_of(name: str, words: Mapping[str, Any], data: bytes) -> Reply:
    """What the check gets for an ANSWER."""
    match words.get("is"):
        case "reply":
            size = int(words["tree"])
            return decode_reply(name, data[:size], data[size:])
        case "timed-out":
            return TimedOut(float(words["seconds"]))
        case "too-large":
            return Uncarried(f"The value of {name} was not read: the values asked for together are too large.")
        case _:
            return KernelGone(str(words["reason"]))
