"""Calls to the services of a platform (names and roles, line items, scores, results), with its access token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.lms.http.client import MOST_BYTES, Client, Reply
from grader.lms.lti.errors import NoToken
from grader.lms.lti.grades import CANVAS, MOODLE
from grader.lms.lti.tokens import Platform, Tokens

UNAUTHORISED, FORBIDDEN = 401, 403
SAYS_401 = frozenset({MOODLE, CANVAS})  # of a token that has ended


@dataclass(frozen=True)
class Services:
    """`call` is all that it takes: token, safe request, and one refresh with one retry where the token was refused."""

    client: Client
    tokens: Tokens

    def call(
        self,
        platform: Platform,
        method: str,
        url: str,
        *,
        scopes: Sequence[str],
        accept: str = "application/json",
        content_type: str = "",
        body: bytes = b"",
        most_bytes: int = MOST_BYTES,
    ) -> Reply:
        """Never raises for what the platform does: without a status, `problem` says why (also: no access token).

        Hold no session: it may take twice the client's time for the token and twice for the request.
        """
        token = ""
        reply = Reply(0.0)
        for _ in range(2):
            try:
                token = self.tokens.get(platform, scopes, instead_of=token)
            except NoToken as problem:
                return Reply(0.0, problem=str(problem))
            headers = {"Authorization": f"Bearer {token}", "Accept": accept}
            if content_type:
                headers["Content-Type"] = content_type
            reply = self.client.request(method, url, headers, body, most_bytes=most_bytes)
            if not self._token_refused(reply, platform, scopes):
                break
        return reply

    def _token_refused(self, reply: Reply, platform: Platform, scopes: Sequence[str]) -> bool:
        """Open edX says 403 of a token that has ended. Where a new one gets that too, it means what it says; and so
        it does with Moodle and Canvas, which say 401 of tokens."""
        if reply.status != FORBIDDEN:
            return reply.status == UNAUTHORISED
        return platform.family.lower() not in SAYS_401 and not self.tokens.is_new(platform, scopes)
