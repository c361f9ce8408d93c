"""A real HTTP receiver on this machine that can misbehave."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.support.loopback import Handler, serving

Behaviour = Callable[["Request"], None]


class Request(Handler):
    """One request; a behaviour answers it."""

    body: bytes = b""

    def do_POST(self) -> None:
        self.body = self.received()
        self.server.receiver.got.append((dict(self.headers.items()), self.body))
        self.server.receiver.behave(self)

    def do_GET(self) -> None:
        self.server.receiver.got.append((dict(self.headers.items()), b""))
        self.server.receiver.behave(self)

    def say(self, status: int, text: str = "", **headers: str) -> None:
        self.answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, text.encode())

    @property
    def stopped(self) -> threading.Event:
        event: threading.Event = self.server.receiver.stopped
        return event


def accept(request: Request) -> None:
    request.say(200, "thank you")


def status(code: int, **headers: str) -> Behaviour:
    return lambda request: request.say(code, "no", **headers)


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
    with serving(Request, tls=tls, receiver=receiver) as address:
        receiver.port = urlsplit(address).port or 0
        receiver.url = f"{address}/hook"
        try:
            yield receiver
        finally:
            receiver.stopped.set()
