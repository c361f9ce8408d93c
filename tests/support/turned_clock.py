"""A clock that a test turns for processes that it starts: theirs alone, because nobody may turn the machine's.

Turned are `time.time`, by which libraries (of cookies, limits and the broker) go, and the grader's own clock. Files,
Redis and PostgreSQL keep the machine's.
"""

from __future__ import annotations

from pathlib import Path

CODE = """
import time
from datetime import timedelta

import grader.time

real_time, real_now = time.time, grader.time.utc_now
known = [0.0, float("-inf")]  # the offset, and when it was looked up


def offset_s():
    if time.monotonic() - known[1] > 0.2:
        with open({path!r}) as file:
            known[:] = float(file.read()), time.monotonic()
    return known[0]


time.time = lambda: real_time() + offset_s()
time.time_ns = lambda: int(time.time() * 1e9)
grader.time.utc_now = lambda: real_now() + timedelta(seconds=offset_s())
"""


class TurnedClock:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offset = folder / "offset"
        self.turn(0.0)
        # Python imports a module of this name before anything else.
        (folder / "sitecustomize.py").write_text(CODE.format(path=str(self._offset)))

    @property
    def environ(self) -> dict[str, str]:
        return {"PYTHONPATH": str(self._folder)}

    def turn(self, offset_s: float) -> None:
        """How much it is ahead of the machine's from now on; negative: behind."""
        aside = self._folder / "offset.new"
        aside.write_text(str(offset_s))
        aside.replace(self._offset)  # at once: nobody reads half of it
