"""Starts the processes in order, watches them, starts again what falls over, stops all in the reverse order."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from grader.cli.service.child import Child, ChildSpec, adopt_orphans, end_orphans, reap_orphans

POLL_S = 0.05
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # a process that ran so long before it fell over is started again at once
NOTEWORTHY = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b")
HARMLESS = re.compile(r"vm\.overcommit_memory")  # concerns snapshots, which the private Redis does not make

Say = Callable[[str, str], None]  # (name of the process, text)


class StartFailed(RuntimeError):
    """A process did not come up. The text names it and ends with the last lines of its log."""


@dataclass
class _Watched:
    spec: ChildSpec
    child: Child
    stage: int
    failures: int = 0
    start_again_at: float | None = None


@dataclass
class Supervisor:
    """Each stage is a group that starts together; it must be ready before the next one is started."""

    logs: Path
    say: Say
    _watched: list[_Watched] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _signals: int = 0

    def __post_init__(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        adopt_orphans()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def start(self, stage: Sequence[ChildSpec]) -> None:
        """Starts them side by side and waits until all are ready. Raises StartFailed."""
        number = len({watched.stage for watched in self._watched})
        begun = [_Watched(spec, Child(spec, self.logs), number) for spec in stage]
        self._watched += begun
        waiting = list(begun)
        while waiting and not self.stopping:
            for watched in list(waiting):
                if watched.child.is_ready():
                    waiting.remove(watched)
                elif watched.child.exit_code is not None or self._took_too_long(watched):
                    raise StartFailed(_why(watched.child))
            reap_orphans({watched.child.process.pid for watched in self._watched})
            if waiting:
                self._stop.wait(POLL_S)

    def watch(self) -> None:
        """Until a signal asks to stop."""
        while not self._stop.wait(POLL_S * 4):
            for watched in self._watched:
                self._look_at(watched)
            reap_orphans({watched.child.process.pid for watched in self._watched})

    def stop(self) -> None:
        """Ends everything within seconds, the last stage first. A second signal kills at once."""
        for number in sorted({watched.stage for watched in self._watched}, reverse=True):
            stage = [watched.child for watched in self._watched if watched.stage == number]
            for child in stage:
                child.begin_stop()
            for child in stage:
                child.finish_stop(hurried=lambda: self._signals > 1)
        end_orphans()

    def _look_at(self, watched: _Watched) -> None:
        child, name = watched.child, watched.spec.name
        for line in child.log.new_lines():
            if NOTEWORTHY.search(line) and not HARMLESS.search(line):
                self.say(name, line)
        if child.exit_code is None:
            return
        now = time.monotonic()
        if watched.start_again_at is None:
            if now - child.started_at > STEADY_S:
                watched.failures = 0
            pause = min(2.0**watched.failures - 1, LONGEST_PAUSE_S)
            watched.failures += 1
            watched.start_again_at = now + pause
            child.finish_stop(hurried=lambda: True)  # what it leaves behind must not stand in its successor's way
            when = f"in {pause:.0f} s" if pause else "now"
            self.say(name, f"stopped unexpectedly ({_ending(child.exit_code)}); starting again {when}")
        elif now >= watched.start_again_at:
            watched.child, watched.start_again_at = Child(watched.spec, self.logs), None

    def _took_too_long(self, watched: _Watched) -> bool:
        return time.monotonic() - watched.child.started_at > watched.spec.ready_within_s

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        self._stop.set()


def _ending(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"killed by {signal.Signals(-exit_code).name}"
    return f"exit {exit_code}"


def _why(child: Child) -> str:
    name = child.spec.name
    state = "is not ready in time" if child.exit_code is None else f"ended at once ({_ending(child.exit_code)})"
    tail = "\n".join(f"  | {line}" for line in child.log.text().splitlines()[-12:])
    return f"The process {name!r} {state}. The last lines of {child.log.path}:\n{tail}"
