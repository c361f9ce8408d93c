"""One service per home, and one per port: found out before anything is started."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(RuntimeError):
    """The text says where."""


class PortTaken(RuntimeError):
    """The text names the option that chooses another."""


@contextmanager
def claim(home: Path, url: str) -> Iterator[None]:
    """Holds `home` for this process. The lock goes with the process, however it ends. Raises AlreadyRunning."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(_where(file.name)) from None
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "url": url}))
        file.flush()
        yield


def address(home: Path) -> str | None:
    """Where workers of this machine reach the service that holds `home`; None where none does."""
    try:
        held = json.loads((home / "up.lock").read_text())
        os.kill(held["pid"], 0)
        return reachable(held["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def reachable(url: str) -> str:
    """`url` of a server that listens on every address, as this machine itself reaches it."""
    return url.replace("0.0.0.0", "127.0.0.1").replace("//::", "//[::1]")


def require_free_port(host: str, port: int) -> None:
    """Raises PortTaken, also when the address is not one of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise PortTaken(f"Port {port} needs root. Choose one above 1023, for example --port 8000.") from None
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno != 98:
                raise PortTaken(f"{host}:{port} cannot be used: {error.strerror}. Choose with --host.") from None
            raise PortTaken(
                f"Port {port} on {host} is in use by another program. Choose another with --port, "
                f"for example --port {port + 80}."
            ) from None


def _where(lock: str) -> str:
    try:
        held = json.loads(Path(lock).read_text())
        return f"The service of this home is already running: {held['url']} (process {held['pid']})."
    except (OSError, ValueError, KeyError, TypeError):
        return f"The service of this home is already running ({lock} is held)."
