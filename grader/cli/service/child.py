"""One process of the service: started in a group of its own, stopped with everything that it started."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
LARGEST_LOG_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class ChildSpec:
    """What to run. `ready` is asked again and again, with the log of this start, until it says yes.

    `stop_signals` are sent in turn, each given `stop_s` to work, before everything left is killed.
    `orphan_signal` comes from the kernel when the supervisor itself was killed. `nice`: whose computing gives way.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[LogTail], bool]
    environ: Mapping[str, str] = field(default_factory=dict)
    stop_signals: Sequence[signal.Signals] = (signal.SIGTERM,)
    stop_s: float = 3.0
    orphan_signal: signal.Signals = signal.SIGTERM
    ready_within_s: float = 60.0
    nice: int = 0


class LogTail:
    """The lines that a log file has got since this object was made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = self._offset = path.stat().st_size if path.exists() else 0

    def new_lines(self) -> list[str]:
        """Whole lines since the last call."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                data = file.read(1_000_000)
        except OSError:
            return []
        whole, newline, _ = data.rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        return whole.decode(errors="replace").splitlines()

    def text(self) -> str:
        """All since the beginning."""
        with self.path.open("rb") as file:
            file.seek(self._start)
            return file.read(1_000_000).decode(errors="replace")


class Child:
    """A running process made from a spec, its log going to `logs`/NAME.log."""

    def __init__(self, spec: ChildSpec, logs: Path) -> None:
        self.spec = spec
        path = logs / f"{spec.name}.log"
        if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        self.log = LogTail(path)
        self.started_at = time.monotonic()
        with path.open("ab") as log:
            self.process = self._start(log)

    @property
    def exit_code(self) -> int | None:
        return self.process.poll()

    def is_ready(self) -> bool:
        return self.exit_code is None and self.spec.ready(self.log)

    def begin_stop(self) -> None:
        self._send(self.spec.stop_signals[0])

    def finish_stop(self, *, hurried: Callable[[], bool]) -> None:
        """Waits for the end; what outlives its time, or is there when `hurried`, is killed with all it started."""
        for turn, number in enumerate(self.spec.stop_signals):
            if turn:
                self._send(number)
            self._wait(hurried)
        family = self._family()
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.wait()
        psutil.wait_procs(family, timeout=2)

    def _wait(self, hurried: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self.spec.stop_s
        while self.exit_code is None and time.monotonic() < deadline and not hurried():
            time.sleep(0.02)

    def _family(self) -> list[psutil.Process]:
        """Whatever still runs in this child's session, also what has lost its parent and become ours."""
        found = []
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error, OSError):
                if process.pid == self.process.pid or os.getsid(process.pid) == self.process.pid:
                    found.append(process)
        return found

    def _send(self, number: signal.Signals) -> None:
        if self.exit_code is None:
            self.process.send_signal(number)

    def _start(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        parent, orphan_signal = os.getpid(), int(self.spec.orphan_signal)

        def prepare() -> None:
            if self.spec.nice:
                os.nice(self.spec.nice)
                give_way(self.spec.nice)
            if _LIBC is not None:
                _LIBC.prctl(_PR_SET_PDEATHSIG, orphan_signal, 0, 0, 0)
                if os.getppid() != parent:  # it went before we asked
                    os._exit(1)

        return subprocess.Popen(
            list(self.spec.command),
            env=dict(self.spec.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is for the supervisor alone
            preexec_fn=prepare,
        )


def give_way(nice: int) -> None:
    """Sessions share the processors among them first, where Linux groups them: within one alone niceness counts."""
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(nice), encoding="ascii")


def adopt_orphans() -> None:
    """Grandchildren whose parent died become ours, so that they are found and ended at the stop."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans(own: set[int]) -> None:
    """Buries adopted processes that have ended; `own` are the children whose end is asked for elsewhere."""
    with contextlib.suppress(ChildProcessError):
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid in own:
                return  # seen by its Popen in a moment; the others wait until then
            os.waitpid(ended.si_pid, os.WNOHANG)


def end_orphans() -> None:
    """Kills and reaps whatever still runs below this process."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
