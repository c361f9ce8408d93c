"""How a jail's first process ended, told by whoever is its parent."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Protocol

LOST = 1000  # no process ends with this code


@dataclass(frozen=True)
class End:
    code: int  # as subprocess has it; LOST if nobody is left to tell
    cpu_s: float  # of everything that ran in the jail


class Ending(Protocol):
    def look(self) -> End | None:
        """None while it is not over, or nobody has said so yet."""

    def close(self) -> None: ...


class ChildEnding:
    """Of a process that we started ourselves."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._end: End | None = None

    def look(self) -> End | None:
        if self._end is None and self._process.returncode is None:
            pid, status, spent = os.wait4(self._process.pid, os.WNOHANG)
            if pid:
                self._process.returncode = os.waitstatus_to_exitcode(status)
                self._end = End(self._process.returncode, spent.ru_utime + spent.ru_stime)
        return self._end

    def close(self) -> None:
        """Nothing is held."""


class ReportedEnding:
    """Of a process that the warm parent forked, and of which it tells on a pipe."""

    def __init__(self, report: int) -> None:
        os.set_blocking(report, False)
        self._report = report
        self._end: End | None = None

    def look(self) -> End | None:
        if self._end is None:
            try:
                told = os.read(self._report, 4096)
            except BlockingIOError:
                return None
            words = json.loads(told) if told else {}
            self._end = End(int(words.get("code", LOST)), float(words.get("cpu_s", 0.0)))
        return self._end

    def close(self) -> None:
        self._end = self.look() or End(LOST, 0.0)
        os.close(self._report)
