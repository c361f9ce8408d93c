"""The whole service as `grader up` starts it, in a folder and on a port of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[2]
GRADER = ROOT / ".venv/bin/grader"
WAITING = {"queued", "running"}


@dataclass
class RunningService:
    url: str
    home: Path
    client: httpx.Client  # signed in as the demo student, by token
    supervisor: psutil.Process
    start_s: float

    def submit(self, slug: str, notebook: bytes, name: str = "notebook.ipynb", **fields: str) -> str:
        """The URL of the new submission."""
        answer = self.client.post(
            f"/api/v1/assignments/{slug}/submissions", files={"notebook": (name, notebook)}, data=fields
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["url"])

    def wait(self, url: str, timeout_s: float = 240, every_s: float = 0.05) -> dict[str, Any]:
        """The submission once it has left the queue and is no longer running."""
        deadline = time.monotonic() + timeout_s
        state: dict[str, Any] = {}
        while time.monotonic() < deadline:
            try:
                state = self.client.get(url).json()
            except httpx.TransportError:
                state = {"status": "queued"}
            if state["status"] not in WAITING:
                return state
            time.sleep(every_s)
        raise AssertionError(f"not graded after {timeout_s} s: {state}\n{self.logs()}")

    def wait_for_status(self, url: str, status: str, timeout_s: float = 120) -> None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.client.get(url).json()["status"] == status:
                return
            time.sleep(0.02)
        raise AssertionError(f"never {status}\n{self.logs()}")

    def processes(self, words: str) -> list[psutil.Process]:
        """The service's processes whose command line holds `words`, parents first."""
        found = []
        for process in self.supervisor.children(recursive=True):
            try:
                if words in " ".join(process.cmdline()):
                    found.append(process)
            except psutil.NoSuchProcess:
                continue
        return found

    def logs(self) -> str:
        tails = [f"== {path.name}\n{path.read_text()[-2000:]}" for path in sorted(self.home.rglob("*.log"))]
        return "\n".join(tails)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_service(*options: str, **environment: str) -> Iterator[RunningService]:
    """`options`: further ones of `grader up`."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="grader-t-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        log = home / "up.log"
        began = time.perf_counter()
        with log.open("w") as out:
            child = subprocess.Popen(
                [str(GRADER), "up", "--demo", "--port", str(port), *options],
                env={**os.environ, "GRADER_HOME": folder, **environment},
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        try:
            token = _token(log, child)
            start_s = time.perf_counter() - began
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=90) as client:
                yield RunningService(url, home, client, psutil.Process(child.pid), start_s)
        finally:
            child.send_signal(signal.SIGINT)
            try:
                child.wait(timeout=90)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                raise AssertionError(f"the service did not stop in 30 s\n{log.read_text()[-3000:]}") from None


def _token(log: Path, child: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and child.poll() is None:
        if found := re.search(r"API token:\s*(\S+)", log.read_text()):
            return found.group(1)
        time.sleep(0.02)
    raise AssertionError(f"the service did not start:\n{log.read_text()[-3000:]}")
