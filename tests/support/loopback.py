"""A server on this machine for the length of a test."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NO_HEADERS: Mapping[str, str] = {}


class Handler(BaseHTTPRequestHandler):
    """One request; who serves it is told what is in it and says what is answered."""

    timeout = 60
    server: Any

    def received(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status: int, headers: Mapping[str, str] = NO_HEADERS, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_json(self, status: int, found: object, headers: Mapping[str, str] = NO_HEADERS) -> None:
        self.answer(status, {"Content-Type": "application/json", **headers}, json.dumps(found).encode())

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass  # the other side went away


@contextmanager
def serving(handler: type[Handler], *, tls: ssl.SSLContext | None = None, **attributes: Any) -> Iterator[str]:
    """Its address; `handler` finds the attributes in its `server`."""
    server = _Server(("127.0.0.1", 0), handler)
    port = server.server_address[1]
    for name, value in attributes.items():
        setattr(server, name, value)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)
