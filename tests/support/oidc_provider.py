"""A provider of single sign-on on this machine: discovery, authorization code with PKCE, keys, user info.

It checks what a provider checks. What goes wrong is switched on by the tests.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt

from tests.support.loopback import Handler, serving
from tests.support.signing_keys import SigningKeys, rsa_key

CLIENT = "grader-client"
SECRET = "a secret of: tests%"
CALLBACK = "http://127.0.0.1:8000/sign-in/back"


@dataclass
class OidcProvider(SigningKeys):
    url: str = ""
    sub: str = "oidc-ada"
    about: dict[str, Any] = field(  # what it says of whoever signs in
        default_factory=lambda: {"name": "Ada Lovelace", "email": "sam@example.org", "email_verified": True}
    )
    in_user_info: bool = False  # the address and the name are told there alone
    changes: dict[str, Any] = field(default_factory=dict)  # of the claims; None leaves one out
    tamper: Callable[[str], str] | None = None  # what becomes of a signed token
    description: dict[str, Any] = field(default_factory=dict)  # changes of it
    down: set[str] = field(default_factory=set)  # paths that answer 503
    asked: list[str] = field(default_factory=list)  # paths
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    access: set[str] = field(default_factory=set)

    def sign_in(self, address: str) -> str:
        """What the browser does: follow the way out, sign in, and be sent back. Returns where to, on this service."""
        query = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        wanted = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": CALLBACK,
            "code_challenge_method": "S256",
        }
        assert wanted.items() <= query.items(), query
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        answer = urlencode({"code": code, "state": query["state"], "iss": self.url})
        return f"{urlsplit(CALLBACK).path}?{answer}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        name, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        if (name, password) != (CLIENT, "a+secret+of%3A+tests%25"):
            return 401, {"error": "invalid_client"}
        begun = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).decode()
        if begun is None or challenge.rstrip("=") != begun["code_challenge"] or form.get("redirect_uri") != CALLBACK:
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe(16)
        self.access.add(access)
        token = jwt.encode({"alg": "RS256", "kid": self.kid}, self._claims(begun), rsa_key(self.kid))
        token = self.tamper(token) if self.tamper is not None else token
        return 200, {"id_token": token, "access_token": access, "token_type": "Bearer", "expires_in": 60}

    def describe(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/auth",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "end_session_endpoint": f"{self.url}/end",
            **self.description,
        }

    def _claims(self, begun: dict[str, str]) -> dict[str, Any]:
        now = int(time.time())
        found = {"iss": self.url, "aud": CLIENT, "sub": self.sub, "iat": now, "exp": now + 60, "nonce": begun["nonce"]}
        found |= {} if self.in_user_info else self.about
        found |= self.changes
        return {key: value for key, value in found.items() if value is not None}


class _Handler(Handler):
    def do_GET(self) -> None:
        provider: OidcProvider = self.server.provider
        path = self._noted()
        found = {"/.well-known/openid-configuration": provider.describe, "/jwks": provider.jwks}
        if path in provider.down:
            return self.answer_json(503, {})
        if path == "/userinfo":
            known = self.headers.get("Authorization", "").removeprefix("Bearer ") in provider.access
            return (
                self.answer_json(200, {"sub": provider.sub, **provider.about}) if known else self.answer_json(401, {})
            )
        return self.answer_json(200, found[path]()) if path in found else self.answer_json(404, {})

    def do_POST(self) -> None:
        provider: OidcProvider = self.server.provider
        path = self._noted()
        body = self.received().decode()
        if path != "/token" or path in provider.down:
            return self.answer_json(503 if path in provider.down else 404, {})
        form = {key: values[0] for key, values in parse_qs(body).items()}
        return self.answer_json(*provider.token(form, self.headers.get("Authorization", "")))

    def _noted(self) -> str:
        path = urlsplit(self.path).path
        self.server.provider.asked.append(path)
        return path


@contextmanager
def providing() -> Iterator[OidcProvider]:
    provider = OidcProvider()
    with serving(_Handler, provider=provider) as provider.url:
        yield provider
