"""The identity side of a learning platform on this machine: signed launches, keys, tokens, rosters, registration."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt

from grader.lms.lti import names
from tests.support.loopback import Handler, serving
from tests.support.signing_keys import SigningKeys, rsa_key

LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
ASSISTANT = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"
TARGET = "http://127.0.0.1:8000/lti/launch"


@dataclass
class Issuer(SigningKeys):
    url: str = ""
    client_id: str = "client-1"
    deployment_id: str = "7"
    got: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)  # method, path, headers, body
    answers: dict[str, Callable[[], tuple[int, dict[str, str], bytes]]] = field(default_factory=dict)  # instead of ours
    tokens: list[str] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    page_rows: int = 100

    @property
    def issuer(self) -> str:
        return self.url

    def claims(self, login_nonce: str, /, **changes: Any) -> dict[str, Any]:
        """Of a launch as Moodle makes it; a change to None leaves the claim out."""
        now = int(time.time())
        found: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": "u-1",
            "iat": now,
            "exp": now + 60,
            "nonce": login_nonce,
            "name": "Ada Lovelace",
            "email": "ada@school.example",
            names.MESSAGE_TYPE: names.RESOURCE_LINK_REQUEST,
            names.VERSION: "1.3.0",
            names.DEPLOYMENT_ID: self.deployment_id,
            names.TARGET_LINK_URI: TARGET,
            names.ROLES: [LEARNER],
            names.CONTEXT: {"id": "ctx-1", "title": "Deep Learning in Moodle"},
            names.RESOURCE_LINK: {"id": "rl-1", "title": "Coursework"},
            names.NAMES_AND_ROLES: {"context_memberships_url": f"{self.url}/members?type_id=3"},
            names.GRADES_ENDPOINT: {"scope": [names.SCORE_SCOPE], "lineitems": f"{self.url}/2/lineitems?type_id=3"},
        }
        found |= changes
        return {key: value for key, value in found.items() if value is not None}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        head = {"alg": "RS256", "typ": "JWT", "kid": self.kid} | header
        return jwt.encode(head, claims, rsa_key(self.kid))

    def count(self, path: str) -> int:
        return sum(urlsplit(one).path == path for _, one, _, _ in self.got)


class _Handler(Handler):
    def do_GET(self) -> None:
        self._handle("GET", b"")

    def do_POST(self) -> None:
        self._handle("POST", self.received())

    def _handle(self, method: str, body: bytes) -> None:
        issuer: Issuer = self.server.issuer
        issuer.got.append((method, self.path, dict(self.headers.items()), body))
        path = urlsplit(self.path).path
        if path in issuer.answers:
            return self.answer(*issuer.answers[path]())
        found = {"/jwks": issuer.jwks, "/config": self._config, "/register": self._register, "/token": self._token}
        if path == "/members":
            return self._members()
        return self.answer_json(200, found[path]()) if path in found else self.answer(404)

    def _config(self) -> dict[str, Any]:
        url = self.server.issuer.url
        return {
            "issuer": url,
            "authorization_endpoint": f"{url}/auth",
            "token_endpoint": f"{url}/token",
            "jwks_uri": f"{url}/jwks",
            "registration_endpoint": f"{url}/register",
            names.PLATFORM_CONFIGURATION: {"product_family_code": "moodle"},
        }

    def _register(self) -> dict[str, Any]:
        return {"client_id": "given-1", names.TOOL_CONFIGURATION: {"deployment_id": self.server.issuer.deployment_id}}

    def _token(self) -> dict[str, Any]:
        issuer: Issuer = self.server.issuer
        issuer.tokens.append(f"token-{len(issuer.tokens) + 1}")
        return {"access_token": issuer.tokens[-1], "token_type": "Bearer", "expires_in": 3600}

    def _members(self) -> None:
        issuer: Issuer = self.server.issuer
        if self.headers.get("Authorization", "") != f"Bearer {issuer.tokens[-1] if issuer.tokens else ''}":
            return self.answer(401, body=b"{}")
        start = int(parse_qs(urlsplit(self.path).query).get("from", ["0"])[0])
        rows = issuer.members[start : start + issuer.page_rows]
        following = start + issuer.page_rows
        more = following < len(issuer.members)
        link = {"Link": f'<{issuer.url}/members?type_id=3&from={following}>; rel="next"'} if more else {}
        return self.answer_json(200, {"id": self.path, "members": rows}, link)


@contextmanager
def issuing() -> Iterator[Issuer]:
    issuer = Issuer()
    with serving(_Handler, issuer=issuer) as issuer.url:
        yield issuer
