"""The driver as the worker asks it: through an observer process that is left behind if the driver holds it up."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from worker.gpu.discovery import Gpu, GpuError, State, chosen
from worker.gpu.readings import Reading, gpus_of, mig_minors, state_of

ROOT = Path(__file__).resolve().parents[2]
ASK_S = 30.0  # the first question starts the driver where nothing else keeps it
MIG_MINORS = Path("/proc/driver/nvidia-caps/mig-minors")
MOST_ANSWER = 1 << 22
PASSED_ON = ("PATH", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH")  # and NVIDIA_…


class ObservedDriver:
    """A Driver. A process that was forked from the one that asked before starts an observer of its own."""

    def __init__(self, environ: Mapping[str, str] = os.environ, timeout_s: float = ASK_S) -> None:
        self._visible = environ.get("CUDA_VISIBLE_DEVICES")
        kept = {k: v for k, v in environ.items() if k in PASSED_ON or k.startswith("NVIDIA_")}
        self._environ = kept | {"PYTHONDONTWRITEBYTECODE": "1"}
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def gpus(self) -> tuple[Gpu, ...]:
        readings = self._ask("")
        try:
            minors = mig_minors(MIG_MINORS.read_text(encoding="ascii"))
        except OSError:
            minors = {}
        return chosen(gpus_of(readings, minors), self._visible)

    def state(self, gpu: Gpu) -> State:
        readings = self._ask(gpu.board or gpu.uuid)
        if len(readings) != 1:
            raise GpuError(f"NVIDIA's driver does not list {gpu.uuid} any more")
        return state_of(readings[0], gpu)

    def start_anew(self) -> None:
        self.close()

    def close(self) -> None:
        """Its observer ends. The next question starts another."""
        with self._lock:
            self._leave()

    def _ask(self, uuid: str) -> list[Reading]:
        with self._lock:
            try:
                line = self._answer(self._running(), f"{uuid}\n".encode())
                told = json.loads(line)
            except (OSError, ValueError) as problem:
                self._leave()
                raise GpuError(f"the process that asks NVIDIA's driver ended: {problem}") from None
            except GpuError:
                self._leave()
                raise
        if "error" in told:
            raise GpuError(str(told["error"]))
        return [Reading.from_json(entry) for entry in told["readings"]]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            command = [sys.executable, "-m", "worker.gpu.observer"]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env=self._environ,
                start_new_session=True,
            )
            self._owner = os.getpid()
        return self._process

    def _answer(self, process: subprocess.Popen[bytes], question: bytes) -> bytes:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(question)
        process.stdin.flush()
        deadline, heard = time.monotonic() + self._timeout_s, b""
        poller = select.poll()
        poller.register(process.stdout, select.POLLIN)
        while not heard.endswith(b"\n"):
            if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise GpuError(f"NVIDIA's driver does not answer within {self._timeout_s:g} s")
            piece = os.read(process.stdout.fileno(), 1 << 16)
            heard += piece
            if not piece or len(heard) > MOST_ANSWER:
                raise OSError("it said nothing")
        return heard

    def _leave(self) -> None:
        """Not waited for: in the driver's hands a process may not even die."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
