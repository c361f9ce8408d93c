"""`grader up`: starts everything, stops everything, and finds everything again."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.running_service import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
GRADER = (sys.executable, "-P", "-m", "grader.cli.main")


@dataclass
class Up:
    """A service that was started; `family` are all its processes at that moment, the supervisor first."""

    process: subprocess.Popen[bytes]
    url: str
    token: str
    output: Path
    family: list[psutil.Process]
    home: Path

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Exit code."""
        self.process.send_signal(number)
        return self.process.wait(120)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, headers={"Authorization": f"Bearer {self.token}"}, timeout=60)


def environ(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GRADER_", "WORKER_"))}
    return kept | {"GRADER_HOME": str(home)}


@contextmanager
def started(home: Path) -> Iterator[Up]:
    port, output = free_port(), home / "output.txt"
    home.mkdir(exist_ok=True)
    command = [*GRADER, "up", "--demo", "--port", str(port), "--concurrency", "1"]
    with output.open("wb") as out:
        process = subprocess.Popen(command, env=environ(home), stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        token = wait_for_token(output, process)
        supervisor = psutil.Process(process.pid)
        family = [supervisor, *supervisor.children(recursive=True)]
        yield Up(process, f"http://127.0.0.1:{port}", token, output, family, home)
    finally:
        process.kill()
        process.wait()


def wait_for_token(output: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"API token: (\S+)", output.read_text()):
            return found.group(1)
        time.sleep(0.05)
    raise AssertionError(output.read_text())


def still_running(family: list[psutil.Process], within_s: float) -> list[str]:
    """Command lines of those that have not ended after that time."""
    _, alive = psutil.wait_procs([p for p in family if p.is_running()], timeout=within_s)
    return [" ".join(p.cmdline())[:120] for p in alive if p.status() != psutil.STATUS_ZOMBIE]


def command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # one of the short-lived helpers, over meanwhile
        return ""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a home"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One service for the tests that leave it as it is."""
    with started(tmp_path_factory.mktemp("shared")) as up:
        yield up


def test_the_service_starts_stops_without_leftovers_and_finds_its_data_again(home: Path) -> None:
    with started(home) as up:
        assert httpx.get(f"{up.url}/healthz", timeout=60).json()["status"] == "ok"
        assert up.get("/api/v1/me").json()["email"] == "student@example.org"
        names = " ".join(command_line(p) for p in up.family)
        assert all(word in names for word in ("redis-server", "worker.app", "grader.tasks", "grader.web.wsgi"))
        code = up.stop()
        assert (code, still_running(up.family, 20)) == (0, [])
        assert "Traceback" not in up.output.read_text()
    users = count(home, "users")
    with started(home) as again:
        assert again.token == up.token
        assert again.get("/api/v1/me").status_code == 200
        assert count(home, "users") == users
        assert again.stop(signal.SIGTERM) == 0
        assert still_running(again.family, 20) == []


def test_nobody_else_may_read_what_the_service_keeps(shared: Up) -> None:
    assert stat.S_IMODE(shared.home.stat().st_mode) == 0o700
    theirs = [
        path for path in shared.home.rglob("*") if path != shared.output and stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]
    assert [path for path in theirs if not path.is_symlink() and not path.is_socket()] == []


def test_a_killed_supervisor_takes_its_children_along(home: Path) -> None:
    with started(home) as up:
        up.process.kill()
        up.process.wait()
        assert still_running(up.family, 60) == []
    with started(home) as again:  # neither its lock nor its socket stands in the way
        assert again.get("/api/v1/me").status_code == 200


def test_a_child_that_falls_over_is_started_again_and_said(shared: Up) -> None:
    up = shared
    web = next(p for p in up.family if "grader.web.wsgi" in " ".join(p.cmdline()))
    web.kill()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if "web" in up.output.read_text().split("Ctrl-C")[1] and up.get("/api/v1/me").status_code == 200:
                break
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    assert re.search(r"web +stopped unexpectedly \(killed by SIGKILL\)", up.output.read_text())
    assert up.get("/api/v1/me").status_code == 200


def test_a_second_one_in_the_same_home_says_that_it_runs_and_where(shared: Up) -> None:
    done = up_once(shared.home, "--port", str(free_port()))
    assert done.returncode == 1
    assert f"already running: {shared.url} (process {shared.process.pid})" in done.stderr


def test_a_taken_port_is_named_with_the_way_out(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = up_once(home, "--port", str(port))
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demonstration_is_not_served_to_other_machines(home: Path) -> None:
    done = up_once(home, "--demo", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "public passwords" in done.stderr
    assert not home.exists()


def test_demo_secrets_are_readable_by_their_owner_alone(shared: Up) -> None:
    assert json.loads((shared.home / "demo-token.json").read_text())["token"] == shared.token
    for name in ("demo-token.json", "demo.json", "secrets.json"):
        assert (shared.home / name).stat().st_mode & 0o077 == 0


def up_once(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [*GRADER, "up", *options]
    return subprocess.run(command, env=environ(home), capture_output=True, text=True, timeout=180, check=False)


def count(home: Path, table: str) -> int:
    with sqlite3.connect(home / "grader.db") as database:
        return int(database.execute(f"select count(*) from {table}").fetchone()[0])
