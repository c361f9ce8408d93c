"""What is done ahead so that a check does not have to wait for it. Nothing here changes what a check concludes."""

from __future__ import annotations

import functools
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from assignments.asking import Call, Got, Missing, Reply
from assignments.checks_module import check_functions, compile_checks, run_checks_module
from reference import frozen
from worker.checker.inside.values import Encoder, decode_reply, encode_call

EXAMPLE = b"""
from __future__ import annotations

from assignments.vocabulary import Ask, FunctionTask, Outcome, Trial, check, judge_function

TASK = FunctionTask("f", ("x",), lambda x: 2.0 * x, placeholder=0.0)


@check("right")
def right(ask: Ask) -> Outcome:
    return judge_function(ask, TASK, [Trial((ask.rng.normal(size=(4, 5)),), "on an array"), Trial((3.0,))])


@check("wrong")
def wrong(ask: Ask) -> Outcome:
    return judge_function(ask, FunctionTask("g", ("x",), lambda x: x + 7.25), [Trial((ask.rng.normal(size=3),))])
"""


def steps() -> Iterator[Callable[[], Any]]:
    """For the parent, while nobody wants a checker: what every checker would have to compute anew."""
    for path in sorted(frozen.FOLDER.glob("*.toml")):
        yield functools.partial(frozen.frozen_values, path.stem)
    for name, module in sorted(sys.modules.items()):
        if name.startswith("reference."):
            yield from (value for value in vars(module).values() if _is_constant(value, name))
    yield touch


def _is_constant(value: object, module: str) -> bool:
    """Whether it is a cached function of this module that takes nothing, and so always gives the same."""
    if not callable(value) or not hasattr(value, "cache_info") or getattr(value, "__module__", "") != module:
        return False
    return not inspect.signature(value).parameters


def touch() -> None:
    """One load and two checks that say nothing to anybody: a fork copies memory when it is first used, better now than
    later."""
    code: CodeType = _example()
    functions = check_functions(run_checks_module(code, Path("example.py"), "checks"), Path("example.py"), ANY)
    for function in functions.values():
        function(_Echo(np.random.default_rng(np.random.SeedSequence(1, spawn_key=(0,)))))
    square = np.random.default_rng(0).normal(size=(40, 40))
    np.linalg.norm(square @ square)


ANY = ("right", "wrong")


@functools.cache
def _example() -> CodeType:
    return compile_checks(EXAMPLE, Path("example.py"))


class _Echo:
    """A kernel with a right `f` and a wrong `g`."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.answers: Mapping[str, str] = {}

    def call(self, function: str, *arguments: Any, **options: Any) -> Reply:
        return self.calls([Call(function, arguments, **options)])[0]

    def calls(self, calls: Sequence[Call]) -> list[Reply]:
        return [self._answer(call) for call in calls]

    def read(self, name: str) -> Reply:
        return Missing(name)

    def _answer(self, call: Call) -> Reply:
        encode_call(call.function, call.arguments, call.keywords, call.variables, call.given)
        encoder = Encoder()
        node = encoder.node(np.asarray(call.arguments[0]) * 2.0)
        reply = decode_reply(call.function, json.dumps(["got", node, []]).encode(), encoder.data)
        return reply if isinstance(reply, Got) else Missing(call.function)
