"""One request to a server that may be hostile: a checked address, no redirect, no proxy, bounded time and answer."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from grader.lms.http.addresses import Resolve, Rules, Target, choose, parse
from grader.lms.http.errors import Refused

TIMEOUT_S = 15.0  # for everything: name, connection, TLS, request, answer
MOST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Reply:
    """`status` is None where there was no answer; then `problem` says why."""

    seconds: float
    status: int | None = None
    problem: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    complete: bool = False  # the whole body is here

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass
class Deadline:
    at: float  # of time.monotonic()

    def left(self, timeout: float | None = None) -> float:
        """Seconds that an operation may take. Raises ReadTimeout when there are none."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time is up")
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    """A connection whose every operation ends with the one deadline: a byte now and then does not prolong it."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Pinned(httpcore.NetworkBackend):
    """Connects to the address that was checked, whatever name is asked for; TLS still verifies the name."""

    def __init__(self, address: str, deadline: Deadline) -> None:
        self._address, self._deadline = address, deadline
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(self._address, port, self._deadline.left(timeout))
        return _Stream(stream, self._deadline)


@dataclass(frozen=True)
class Client:
    """Sends requests by `rules`. `resolve` and `tls` are given by tests alone."""

    rules: Rules
    timeout_s: float = TIMEOUT_S
    resolve: Resolve | None = None
    tls: SSLContext | None = None
    user_agent: str = "grader/1"

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        most_bytes: int = MOST_BYTES,
        body_s: float | None = None,
    ) -> Reply:
        """Never raises for what the other side does. `body_s`: the most time for the body that follows a status."""
        start = time.monotonic()
        deadline = Deadline(start + self.timeout_s)
        try:
            target = parse(url)
            pinned = _Pinned(choose(target, self.rules, deadline.left(), self.resolve), deadline)
            given = self._headers(method, target, headers, body)
            with self._pool(target, pinned) as pool:
                with pool.stream(method, _url(target), headers=given, content=body or None) as response:
                    seconds = time.monotonic() - start
                    if body_s is not None:
                        deadline.at = min(deadline.at, time.monotonic() + body_s)
                    return _reply(response, seconds, most_bytes)
        except Refused as refused:
            return Reply(time.monotonic() - start, problem=str(refused))
        except (httpcore.TimeoutException, TimeoutError):
            return Reply(time.monotonic() - start, problem=f"No answer within {self.timeout_s:g} seconds.")
        except httpcore.ConnectError as error:
            return Reply(time.monotonic() - start, problem=f"No connection: {str(error)[:300]}")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            text = str(error)[:300] or type(error).__name__
            return Reply(time.monotonic() - start, problem=f"The connection broke: {text}")

    def _pool(self, target: Target, pinned: _Pinned) -> httpcore.ConnectionPool:
        tls = self.tls or httpx.create_ssl_context() if target.scheme == "https" else None
        return httpcore.ConnectionPool(ssl_context=tls, network_backend=pinned, retries=0)

    def _headers(self, method: str, target: Target, headers: Mapping[str, str], body: bytes) -> list[tuple[str, str]]:
        given = {
            "Host": _host_header(target),
            "User-Agent": self.user_agent,
            "Accept-Encoding": "identity",
            "Connection": "close",
            **({"Content-Length": str(len(body))} if body or method != "GET" else {}),
            **headers,
        }
        return list(given.items())


def _url(target: Target) -> httpcore.URL:
    """From its parts and as bytes, so that httpcore does not parse it once more in a way of its own."""
    return httpcore.URL(
        scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
    )


def _reply(response: httpcore.Response, seconds: float, most_bytes: int) -> Reply:
    found, complete = _beginning(response, most_bytes)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    return Reply(seconds, response.status, headers=headers, body=found, complete=complete)


def _beginning(response: httpcore.Response, most_bytes: int) -> tuple[bytes, bool]:
    """How the body begins, and whether that is all: one that never comes or ends changes nothing of the status."""
    found = bytearray()
    try:
        for part in response.iter_stream():
            found += part
            if len(found) > most_bytes:
                return bytes(found[:most_bytes]), False
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError):
        return bytes(found), False
    return bytes(found), True


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = 443 if target.scheme == "https" else 80
    return host if target.port == usual else f"{host}:{target.port}"
