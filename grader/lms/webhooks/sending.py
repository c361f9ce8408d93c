"""One POST to an endpoint, and what it answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLContext

from grader.lms.http.addresses import Resolve, Rules
from grader.lms.http.client import TIMEOUT_S, Client, Reply

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


@dataclass(frozen=True)
class Sender:
    """Sends webhooks by `rules`. `resolve` and `tls` are given by tests alone."""

    rules: Rules
    timeout_s: float = TIMEOUT_S
    resolve: Resolve | None = None
    tls: SSLContext | None = None

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Never raises for what the other side does."""
        client = Client(self.rules, self.timeout_s, self.resolve, self.tls, USER_AGENT)
        given = {"Content-Type": "application/json", **headers}
        reply = client.request("POST", url, given, body, most_bytes=EXCERPT_BYTES, body_s=EXCERPT_S)
        return Answer(
            seconds=reply.seconds,
            status=reply.status,
            problem=reply.problem or _problem(reply),
            excerpt=reply.body.decode("utf-8", "replace"),
            retry_after=reply.headers.get("retry-after", "")[:100],
        )


def _problem(reply: Reply) -> str:
    status = reply.status or 0
    if reply.succeeded:
        return ""
    if 300 <= status < 400:
        where = reply.headers.get("location", "")[:200]
        return f"Redirected to {where!r}; redirects are not followed. Give the endpoint its final address."
    return f"Answered with status {status}."
