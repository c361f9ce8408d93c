"""Reaching functions of the student's that take functions, classes and other things that are no plain values.

A probe is source of the check's own: it defines `probe`, which takes plain values, reaches the notebook through
`import __main__`, and returns plain values. It runs in the student's process and can be lied to, so a check judges
the values computed from inputs that it drew, never a flag.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from assignments.asking import Ask, Call, Got, NotCallable, Reply
from reference.plain import Opaque, Plain

PROBE = "probe"


class ProbedAsk:
    """An `Ask` whose calls of `function` go through a probe; everything else goes to the kernel as it is.

    So `judge_function` works as for any other function, and speaks of the student's function by its name.
    """

    def __init__(self, ask: Ask, function: str, source: str) -> None:
        self._ask = ask
        self._function = function
        self._source = source

    @property
    def rng(self) -> np.random.Generator:
        return self._ask.rng

    @property
    def answers(self) -> Mapping[str, str]:
        return self._ask.answers

    def read(self, name: str) -> Reply:
        return self._ask.read(name)

    def call(self, function: str, *arguments: Plain, **options: object) -> Reply:
        return self.calls([Call(function, arguments, **options)])[0]  # type: ignore[arg-type]

    def calls(self, calls: Sequence[Call]) -> list[Reply]:
        if not any(call.function == self._function for call in calls):
            return self._ask.calls(calls)
        absent = self._absent()
        if absent is not None:
            return [absent] * len(calls)
        return self._ask.calls([self._through_probe(call) for call in calls])

    def _through_probe(self, call: Call) -> Call:
        if call.function != self._function:
            return call
        return dataclasses.replace(call, function=PROBE, given=f"{call.given}\n{self._source}")

    def _absent(self) -> Reply | None:
        """Why the student's function cannot be called, if it cannot."""
        reply = self._ask.read(self._function)
        if not isinstance(reply, Got):
            return reply
        if isinstance(reply.value, Opaque) and reply.value.is_callable:
            return None
        name = reply.value.type_name if isinstance(reply.value, Opaque) else type(reply.value).__name__
        return NotCallable(self._function, name)
