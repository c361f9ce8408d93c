"""Values of a kernel, asked for as a checker does it, in this process: for tests of kernels."""

from __future__ import annotations

from collections.abc import Sequence

from assignments.asking import Call, Reply
from worker.checker.inside.asking import reply_of
from worker.checker.inside.values import encode_call, encode_read
from worker.kernels.session import NotebookSession, Question
from worker.pipeline.ask import answer_of


async def call_all(session: NotebookSession, calls: Sequence[Call], timeout_s: float | None = None) -> list[Reply]:
    """The replies in order. `timeout_s` is for each call; by default Limits.call_s."""
    questions = [
        Question(call.function, *encode_call(call.function, call.arguments, call.keywords, call.variables, call.given))
        for call in calls
    ]
    return await _ask(session, questions, timeout_s)


async def read_all(session: NotebookSession, names: Sequence[str]) -> list[Reply]:
    """The values of global variables of the notebook, in order."""
    return await _ask(session, [Question(name, *encode_read(name)) for name in names], None)


async def _ask(session: NotebookSession, questions: Sequence[Question], timeout_s: float | None) -> list[Reply]:
    answers = await session.ask(questions, timeout_s)
    return [reply_of(question.name, *answer_of(answer)) for question, answer in zip(questions, answers, strict=True)]
