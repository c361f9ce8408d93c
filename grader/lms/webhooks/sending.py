"""One POST to an endpoint that may be hostile: a checked address, no redirect, no proxy, bounded time and answer."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from grader.lms.webhooks.addresses import Resolve, Rules, Target, choose, parse
from grader.lms.webhooks.errors import Refused

TIMEOUT_S = 15.0  # for everything: name, connection, TLS, request, status
EXCERPT_S = 2.0  # more, for the beginning of the answer's body
EXCERPT_BYTES = 1000
USER_AGENT = "grader-webhooks/1"


@dataclass(frozen=True)
class Answer:
    """`status` is None where there was no answer; then `problem` says why."""

    seconds: float
    status: int | None = None
    problem: str = ""
    excerpt: str = ""
    retry_after: str = ""

    @property
    def delivered(self) -> bool:
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
class Sender:
    """Sends webhooks by `rules`. `resolve` and `tls` are given by tests alone."""

    rules: Rules
    timeout_s: float = TIMEOUT_S
    resolve: Resolve | None = None
    tls: SSLContext | None = None

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Never raises for what the other side does."""
        start = time.monotonic()
        deadline = Deadline(start + self.timeout_s)
        try:
            target = parse(url)
            address = choose(target, self.rules, deadline.left(), self.resolve)
            return self._post(target, address, headers, body, deadline, start)
        except Refused as refused:
            return Answer(time.monotonic() - start, problem=str(refused))
        except (httpcore.TimeoutException, TimeoutError):
            return Answer(time.monotonic() - start, problem=f"No answer within {self.timeout_s:g} seconds.")
        except httpcore.ConnectError as error:
            return Answer(time.monotonic() - start, problem=f"No connection: {str(error)[:300]}")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            text = str(error)[:300] or type(error).__name__
            return Answer(time.monotonic() - start, problem=f"The connection broke: {text}")

    def _post(
        self, target: Target, address: str, headers: Mapping[str, str], body: bytes, deadline: Deadline, start: float
    ) -> Answer:
        tls = self.tls or httpx.create_ssl_context() if target.scheme == "https" else None
        # As bytes, so that httpcore does not parse it once more in a way of its own.
        url = httpcore.URL(
            scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
        )
        given = {
            "Host": _host_header(target),
            "User-Agent": USER_AGENT,
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "Connection": "close",
            "Content-Length": str(len(body)),
            **headers,
        }
        pool = httpcore.ConnectionPool(ssl_context=tls, network_backend=_Pinned(address, deadline), retries=0)
        with pool, pool.stream("POST", url, headers=list(given.items()), content=body) as response:
            found = {name.lower(): value for name, value in response.headers}
            seconds = time.monotonic() - start
            deadline.at = min(deadline.at, time.monotonic() + EXCERPT_S)
            return Answer(
                seconds=seconds,
                status=response.status,
                problem=_problem(response.status, found.get(b"location", b"")),
                excerpt=_excerpt(response),
                retry_after=found.get(b"retry-after", b"").decode("latin-1")[:100],
            )


def _excerpt(response: httpcore.Response) -> str:
    """How the body begins; a body that never comes or never ends changes nothing of what was answered."""
    found = b""
    try:
        for part in response.iter_stream():
            found += part
            if len(found) >= EXCERPT_BYTES:
                break
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError):
        pass
    return found[:EXCERPT_BYTES].decode("utf-8", "replace")


def _problem(status: int, location: bytes) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        where = location[:200].decode("latin-1")
        return f"Redirected to {where!r}; redirects are not followed. Give the endpoint its final address."
    return f"Answered with status {status}."


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = 443 if target.scheme == "https" else 80
    return host if target.port == usual else f"{host}:{target.port}"
