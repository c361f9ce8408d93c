"""The identity side of a learning platform on this machine: signed launches, keys, tokens, rosters, registration."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from grader.lms.lti import names
from tests.support.loopback import serving

LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
ASSISTANT = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"
TARGET = "http://127.0.0.1:8000/lti/launch"


@cache
def rsa_key(kid: str) -> RSAKey:
    """One key a name and process: making them takes long."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"}, private=True)


@dataclass
class Issuer:
    url: str = ""
    kid: str = "first"
    published: list[str] = field(default_factory=lambda: ["first"])
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

    def jwks(self) -> dict[str, Any]:
        return {"keys": [rsa_key(kid).as_dict(private=False) for kid in self.published]}

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


class _Handler(BaseHTTPRequestHandler):
    timeout = 60
    server: Any

    def do_GET(self) -> None:
        self._handle("GET", b"")

    def do_POST(self) -> None:
        self._handle("POST", self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _handle(self, method: str, body: bytes) -> None:
        issuer: Issuer = self.server.issuer
        issuer.got.append((method, self.path, dict(self.headers.items()), body))
        path = urlsplit(self.path).path
        if path in issuer.answers:
            return self._answer(*issuer.answers[path]())
        found = {"/jwks": issuer.jwks, "/config": self._config, "/register": self._register, "/token": self._token}
        if path == "/members":
            return self._members()
        return self._json(found[path]()) if path in found else self._answer(404, {}, b"")

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
            return self._answer(401, {}, b"{}")
        start = int(parse_qs(urlsplit(self.path).query).get("from", ["0"])[0])
        rows = issuer.members[start : start + issuer.page_rows]
        following = start + issuer.page_rows
        more = following < len(issuer.members)
        link = {"Link": f'<{issuer.url}/members?type_id=3&from={following}>; rel="next"'} if more else {}
        return self._answer(200, link, json.dumps({"id": self.path, "members": rows}).encode())

    def _json(self, found: dict[str, Any]) -> None:
        self._answer(200, {"Content-Type": "application/json"}, json.dumps(found).encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def issuing() -> Iterator[Issuer]:
    issuer = Issuer()
    with serving(_Handler, issuer=issuer) as issuer.url:
        yield issuer
