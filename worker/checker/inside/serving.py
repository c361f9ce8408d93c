"""One checker: a forked process that loads one assignment's checks.py and carries out its checks, one after another."""

from __future__ import annotations

import marshal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from assignments.asking import Ask
from assignments.checks_module import check_functions, compile_checks, run_checks_module
from assignments.errors import PackageError
from assignments.outcome import Outcome
from reference.comparators.devices import computed_on
from worker.checker.inside.asking import RelayedAsk
from worker.checker.inside.frames import Channel, Kind

MAX_TEXT = 4_000
MAX_DIAGNOSIS = 200
ROUNDING = 1e-9  # a sum of fractions may end a little above 1
FRAMES_SHOWN = 8


@dataclass(frozen=True)
class Layout:
    """Where the packages and the code of ours lie; staff are told paths below these."""

    packages: Path
    code: Path

    def shorten(self, text: str) -> str:
        return text.replace(f"{self.packages}/", "").replace(f"{self.code}/", "")


def serve(channel: Channel, layout: Layout) -> None:
    """Until the worker closes its end."""
    functions = _opened(channel, layout)
    while functions is not None:
        frame = channel.receive()
        words = frame.words()
        number, key = words["number"], words["key"]
        rng = np.random.default_rng(np.random.SeedSequence(int(words["entropy"]), spawn_key=(number,)))
        ask = RelayedAsk(channel, rng=rng, answers=words["answers"], gone=words["gone"])
        try:
            with computed_on(words["device"]):
                told = _told(functions[key](ask))
        except EOFError:
            return
        except BaseException as error:  # noqa: BLE001  instructors' code may raise anything
            text = _crash(error, str(layout.packages / words["slug"]), layout)
            channel.send(Kind.BROKEN, {"number": number, "text": text})
        else:
            channel.send(Kind.OUTCOME, {"number": number, **told})


def _opened(channel: Channel, layout: Layout) -> dict[str, Callable[[Ask], Outcome]] | None:
    frame = channel.receive()
    words = frame.words()
    path = layout.packages / words["slug"] / "checks.py"
    try:
        # the compiled code came from a checker that compiled the same text: it is as trusted as that
        code: CodeType = marshal.loads(frame.data) if words["compiled"] else compile_checks(frame.data, path)  # noqa: S302
        module = run_checks_module(code, path, "checks")
        functions = check_functions(module, path, words["keys"])
    except PackageError as error:
        channel.send(Kind.UNUSABLE, {"text": layout.shorten(str(error))[:MAX_TEXT]})
        return None
    places = {key: layout.shorten(_place(function.__code__)) for key, function in functions.items()}
    channel.send(Kind.OPENED, {"places": places}, b"" if words["compiled"] else marshal.dumps(code))
    return dict(functions)


def _place(code: CodeType) -> str:
    return f"{code.co_filename}, line {code.co_firstlineno}"


def _told(outcome: object) -> dict[str, Any]:
    """What the worker is told, which looks at all of it again. Raises TypeError for what is no outcome."""
    if not isinstance(outcome, Outcome):
        raise TypeError(f"the check returned {type(outcome).__name__}, not an Outcome")
    fraction = float(outcome.fraction)
    return {
        "conclusion": str(outcome.conclusion),
        "fraction": 1.0 if 1.0 < fraction <= 1.0 + ROUNDING else fraction,
        "message": str(outcome.message)[:MAX_TEXT],
        "diagnosis": None if outcome.diagnosis is None else str(outcome.diagnosis)[:MAX_DIAGNOSIS],
        "staff": str(outcome.staff)[:MAX_TEXT],
        "measure": None if outcome.measure is None else float(outcome.measure),
    }


def _crash(error: BaseException, folder: str, layout: Layout) -> str:
    """File and line in checks.py first, then what was raised, then the way there."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(folder)] or frames[-1:]
    place = f"{own[-1].filename}, line {own[-1].lineno}" if own else folder
    try:
        said = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001  an exception whose text cannot be made
        said = type(error).__name__
    trace = "".join(traceback.format_list(frames[-FRAMES_SHOWN:]))
    return layout.shorten(f"{place}: {said[:1_000]}\n{trace}")[:MAX_TEXT]
