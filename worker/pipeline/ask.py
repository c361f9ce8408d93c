"""Carries a check's questions to the kernel, and what the kernel says back: bytes, which nobody here looks into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from worker.checker.checks import Answer, Request
from worker.kernels.session import Answer as Said
from worker.kernels.session import Gone, NotebookSession, Question, RawReply, TooSlow

AT_ONCE = 8  # questions: so many replies are held together, each of up to 36 MiB
MOST_BYTES = 256 << 20  # of all replies to one series of questions


class KernelRelay:
    """What a checker may do with one kernel: ask the collector."""

    def __init__(self, session: NotebookSession) -> None:
        self._session = session

    async def __call__(self, requests: Sequence[Request]) -> list[Answer]:
        """The answers in order. A name that got no reply in time is not asked for again: nobody waits for each of
        ten calls."""
        answers: list[Answer] = []
        stuck: dict[str, TooSlow] = {}
        left = MOST_BYTES
        for start in range(0, len(requests), AT_ONCE):
            part = requests[start : start + AT_ONCE]
            said: Sequence[Said | None] = await self._ask(part, stuck) if left > 0 else [None] * len(part)
            stuck |= {r.name: one for r, one in zip(part, said, strict=True) if isinstance(one, TooSlow)}
            answers += map(answer_of, said)
            left -= sum(len(data) for _, data in answers[start:])
        return answers

    async def _ask(self, requests: Sequence[Request], stuck: Mapping[str, TooSlow]) -> Sequence[Said]:
        asked = [Question(r.name, r.tree, r.data) for r in requests if r.name not in stuck]
        replies = iter(await self._session.ask(asked) if asked else ())
        return [stuck[r.name] if r.name in stuck else next(replies) for r in requests]


def answer_of(said: Said | None) -> Answer:
    """As the checker reads it (worker/checker/inside/asking.py); None: there was no room left for a reply."""
    words: dict[str, Any]
    match said:
        case None:
            return {"is": "too-large"}, b""
        case RawReply():
            return {"is": "reply", "tree": len(said.tree)}, said.tree + said.data
        case TooSlow():
            words = {"is": "timed-out", "seconds": said.seconds}
        case Gone():
            words = {"is": "gone", "reason": said.reason}
    return words, b""
