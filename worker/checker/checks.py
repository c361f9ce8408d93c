"""The checks of one notebook, carried out by a checker; after one that ends before its time, by a fresh one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from assignments.gradable import GradablePackage
from assignments.outcome import Outcome
from worker.checker.errors import CheckBroken, CheckerLost, ChecksUnusable
from worker.checker.inside.frames import Frame, FrameError, Kind
from worker.checker.jail import PACKAGES
from worker.checker.outcomes import MAX_TEXT, OutcomeError, read_outcome
from worker.checker.parents import CHECKERS, Parents
from worker.checker.process import LINE_OF_TRACE, CheckerEnded, CheckerProcess

MOST_QUESTIONS = 10_000
MOST_NAME = 200  # characters

Answer = tuple[dict[str, Any], bytes]  # what an ANSWER says and carries


@dataclass(frozen=True)
class Request:
    """One question for the kernel's collector: bytes that only the collector reads."""

    name: str  # of what is asked for, for messages to the student
    tree: bytes
    data: bytes


Asked = Callable[[Sequence[Request]], Awaitable[list[Answer]]]


@dataclass(frozen=True)
class Moment:
    """The kernel as one check finds it. `gone` says why there is none any more."""

    entropy: int
    number: int  # of this carrying out; with the entropy it makes the check's random numbers
    asked: Asked
    answers: Mapping[str, str] = field(default_factory=dict)
    gone: str = ""
    device: str = "cpu"  # that the kernel computes on, or "cuda"


class Checks:
    """`async with Checks(package) as checks:` begins to load the checks and does not wait for it; `ready` does."""

    def __init__(self, package: GradablePackage, *, unsafe: bool = False, parents: Parents = CHECKERS) -> None:
        self._package = package
        self._parents = parents
        self._unsafe = unsafe
        self._limits = parents.limits
        self._process: CheckerProcess | None = None
        self._places: dict[str, str] = {}
        self._opening: asyncio.Task[CheckerProcess] | None = None

    async def __aenter__(self) -> Checks:
        self._opening = asyncio.create_task(self._open())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
            if not self._opening.cancelled():
                self._opening.exception()  # whoever wanted to know was told by `ready`
        if self._process is not None:
            self._process.close()

    async def ready(self) -> None:
        """Raises ChecksUnusable, SandboxUnavailable or CheckerLost."""
        await self._checker()

    async def run(self, key: str, moment: Moment) -> Outcome:
        """What the check concludes. Raises CheckBroken where it concludes nothing; the next one can be run all the
        same. Raises CheckerLost or SandboxUnavailable for a fault of ours."""
        process = await self._checker()
        process.spent_s = 0.0
        try:
            return await self._carry_out(process, key, moment)
        except CheckerEnded as end:
            self._forget()
            raise CheckBroken(self._told(key, end)) from None

    async def _carry_out(self, process: CheckerProcess, key: str, moment: Moment) -> Outcome:
        allowed_s = self._limits.computing_s
        words = {
            "slug": self._package.package.slug,
            "key": key,
            "number": moment.number,
            "entropy": str(moment.entropy),
            "answers": dict(moment.answers),
            "gone": moment.gone,
            "device": moment.device,
        }
        await process.send(Kind.CHECK, words, b"", allowed_s)
        while True:
            frame = await process.receive(allowed_s)
            if frame.kind is not Kind.ASK:
                return _concluded(process, frame, moment.number)
            requests = _requests(process, frame)
            for said, data in await moment.asked(requests):
                await process.send(Kind.ANSWER, said, data, allowed_s)

    async def _checker(self) -> CheckerProcess:
        if self._process is None:
            if self._opening is None:
                self._opening = asyncio.create_task(self._open())
            await asyncio.wait({self._opening})
            opening, self._opening = self._opening, None
            self._process = opening.result()
        return self._process

    def _forget(self) -> None:
        """It is not used again; the next check gets another."""
        if self._process is not None:
            self._process.close()
            self._process = None

    async def _open(self) -> CheckerProcess:
        try:
            return await self._opened()
        except CheckerLost:  # a parent that has just ended is replaced once
            return await self._opened()

    async def _opened(self) -> CheckerProcess:
        folder = self._package.package.folder.parent
        parent = self._parents.keep(folder, unsafe=self._unsafe)
        process = parent.take_ready()
        if process is None:
            process = await asyncio.to_thread(parent.take)
        try:
            await self._load(process)
        except CheckerLost:
            await asyncio.to_thread(parent.end)
            raise
        except CheckerEnded as end:
            slug = self._package.package.slug
            raise ChecksUnusable(f"{slug}/checks.py cannot be loaded: {end.why}{_where(end)}") from None
        except BaseException:
            process.close()
            raise
        return process

    async def _load(self, process: CheckerProcess) -> None:
        package, allowed_s = self._package, self._limits.load_s
        version = package.package.slug, package.metadata.version
        compiled = self._parents.compiled.get(version)
        words = {
            "slug": package.package.slug,
            "keys": [check.key for check in package.checks],
            "compiled": compiled is not None,
        }
        await process.send(Kind.OPEN, words, compiled or package.checks_source, allowed_s)
        frame = await process.receive(allowed_s)
        said = _words(process, frame)
        if frame.kind is Kind.UNUSABLE:
            raise ChecksUnusable(str(said.get("text"))[:MAX_TEXT])
        if frame.kind is not Kind.OPENED or not isinstance(said.get("places"), dict):
            raise process.ended("it sent something else than that its checks are loaded")
        self._places = {str(key): str(place)[:500] for key, place in said["places"].items()}
        if compiled is None:
            self._parents.compiled[version] = frame.data

    def _told(self, key: str, end: CheckerEnded) -> str:
        """File and line first: where it was if that is known, else where the check begins."""
        place = _where(end) or f" (the check is at {self._places.get(key, 'an unknown place')})"
        return f"the check was ended: {end.why}{place}"[:MAX_TEXT]


def _where(end: CheckerEnded) -> str:
    """The innermost line of a checks.py that the trace names; of anything, where it names none."""
    found = [(match["file"], match["line"]) for match in LINE_OF_TRACE.finditer(end.trace)]
    own = [place for place in found if place[0].endswith("/checks.py")] or found
    return f", at {own[0][0].removeprefix(f'{PACKAGES}/')}, line {own[0][1]}" if own else ""


def _concluded(process: CheckerProcess, frame: Frame, number: int) -> Outcome:
    words = _words(process, frame)
    if frame.kind is Kind.BROKEN and words.get("number") == number:
        raise CheckBroken(str(words.get("text"))[:MAX_TEXT])
    if frame.kind is not Kind.OUTCOME:
        raise process.ended("it sent something else than what the check concluded")
    try:
        return read_outcome(words, number)
    except OutcomeError as problem:
        raise process.ended(str(problem)) from None


def _requests(process: CheckerProcess, frame: Frame) -> list[Request]:
    """The questions of an ASK, once they are known to be well formed."""
    words = _words(process, frame)
    names, sizes = words.get("names"), words.get("sizes")
    well_formed = (
        isinstance(names, list)
        and isinstance(sizes, list)
        and 0 < len(names) == len(sizes) <= MOST_QUESTIONS
        and all(isinstance(name, str) for name in names)
        and all(isinstance(pair, list) and len(pair) == 2 and all(_is_size(size) for size in pair) for pair in sizes)
        and sum(size for pair in sizes for size in pair) == len(frame.data)
    )
    if not well_formed:
        raise process.ended("it asked the kernel something malformed")
    requests, at = [], 0
    for name, (tree, data) in zip(names or (), sizes or (), strict=True):
        middle, end = at + tree, at + tree + data
        requests.append(Request(name[:MOST_NAME], frame.data[at:middle], frame.data[middle:end]))
        at = end
    return requests


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _words(process: CheckerProcess, frame: Frame) -> dict[str, Any]:
    try:
        return frame.words()
    except FrameError as problem:
        raise process.ended(f"it sent {problem} instead of a message of its protocol") from None
