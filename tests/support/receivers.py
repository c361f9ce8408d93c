"""A real HTTP receiver on this machine that can misbehave."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request; a behaviour answers it."""

    server: Any
    body: bytes = b""

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.receiver.got.append((dict(self.headers.items()), self.body))
        self.server.receiver.behave(self)

    def do_GET(self) -> None:
        self.server.receiver.got.append((dict(self.headers.items()), b""))
        self.server.receiver.behave(self)

    def answer(self, status: int, text: str = "", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    @property
    def stopped(self) -> threading.Event:
        event: threading.Event = self.server.receiver.stopped
        return event

    def log_message(self, *_: object) -> None:
        pass


def accept(request: Request) -> None:
    request.answer(200, "thank you")


def status(code: int, **headers: str) -> Behaviour:
    return lambda request: request.answer(code, "no", **headers)


@dataclass
class Receiver:
    url: str = ""
    port: int = 0
    behave: Behaviour = accept
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver()
    server: Any = _Quiet(("127.0.0.1", 0), Request)
    server.receiver = receiver
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    receiver.url = f"{'https' if tls else 'http'}://127.0.0.1:{receiver.port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """The other side hung up, as it should with some of these."""
