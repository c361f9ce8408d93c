"""What is really there outside the jail, for notebooks to look for."""

from __future__ import annotations

import contextlib
import getpass
import os
import secrets
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[3]


@contextlib.contextmanager
def outside() -> Iterator[Mapping[str, str]]:
    """A service on loopback, sockets, a secret file, a secret in the environment; by placeholder."""
    name = f"grader-outside-{secrets.token_hex(6)}"
    token = secrets.token_hex(12)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        (folder / "secret").write_text("s3cret")
        service = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = stack.enter_context(_unix("\0" + name))
        by_path = stack.enter_context(_unix(str(folder / "docker.sock")))
        for server in (service, abstract, by_path):
            _serve(server)
        os.environ["GRADER_SECRET_KEY"] = token
        stack.callback(os.environ.pop, "GRADER_SECRET_KEY", None)
        yield {
            "SECRET": str(folder / "secret"),
            "SOCKET": str(folder / "docker.sock"),
            "ABSTRACT": name,
            "PORT": str(service.getsockname()[1]),
            "TOKEN": token,
            "WORKER": str(os.getpid()),
            "REPOSITORY": str(ROOT),
            "USER": getpass.getuser(),
        }


def fill(source: str, world: Mapping[str, str]) -> str:
    for name, value in world.items():
        source = source.replace(f"@{name}@", value)
    return source


def _unix(address: str) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    if not address.startswith("\0"):
        os.chmod(address, 0o777)
    server.listen()
    return server


def _serve(server: socket.socket) -> None:
    def accept() -> None:
        while True:
            try:
                server.accept()[0].close()
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
