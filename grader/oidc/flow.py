"""The way out to the provider and back: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0)."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from grader.db.oidc_identity import SUB_LENGTH
from grader.db.user import EMAIL_LENGTH
from grader.jose.id_tokens import Login, Reader, person_name, plain
from grader.oidc.errors import SingleSignOnRefused
from grader.oidc.provider import Provider

LIFETIME = timedelta(minutes=20)  # from leaving to coming back: passwords are looked for, second factors fetched
READER = Reader(SingleSignOnRefused, "Sign in once more.")


@dataclass(frozen=True)
class Begun:
    """What this browser keeps (in its signed cookie) until it comes back."""

    state: str
    nonce: str
    verifier: str
    next: str
    at: int  # seconds since 1970

    @classmethod
    def anew(cls, next_page: str, now: datetime) -> Begun:
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, next_page, int(now.timestamp()))

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def has_nonce(self, nonce: str) -> bool:
        return hmac.compare_digest(nonce.encode("utf-8", "replace"), self.nonce.encode())

    def ended(self, now: datetime) -> bool:
        return now - self.moment > LIFETIME


@dataclass(frozen=True)
class Person:
    """Who the provider says that somebody is."""

    issuer: str
    sub: str
    name: str
    email: str  # "" where none is told
    email_verified: bool


def way_out(provider: Provider, begun: Begun, callback: str, now: datetime) -> str:
    """Where the browser goes to sign in. Slow. Raises ProviderDown."""
    challenge = urlsafe_b64encode(sha256(begun.verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": callback,
        "scope": "openid email profile",
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return _joined(provider.described(now).authorization, query)


def person(provider: Provider, begun: Begun, code: str, callback: str, now: datetime) -> Person:
    """Who came back with `code`. Slow. Raises ProviderDown, SingleSignOnRefused."""
    token, access = provider.id_token(code, begun.verifier, callback, now)
    key = provider.key(READER.key_name(token), now)
    login = Login(provider.issuer, provider.client_id, begun.moment, begun.has_nonce)
    claims = READER.claims(token, key, login, now)
    sub = claims.get("sub")
    if not isinstance(sub, str) or not 0 < len(sub) <= SUB_LENGTH or not sub.isprintable():
        READER.refuse("malformed", "The provider of the sign-in does not say who you are (sub).")
    if "email" not in claims:
        more = provider.user_info(access, now)
        if more and more.get("sub") != sub:
            READER.refuse("malformed", "The provider of the sign-in spoke of two different people. Sign in once more.")
        claims = more | claims
    return _person(provider.issuer, sub, claims)


def way_out_for_good(provider: Provider, back_to: str, now: datetime) -> str:
    """Where one signs out of the provider too; "" where it offers none. Slow. Raises ProviderDown."""
    address = provider.described(now).end_session
    query = {"client_id": provider.client_id, "post_logout_redirect_uri": back_to}
    return _joined(address, query) if address else ""


def _person(issuer: str, sub: str, claims: dict[str, Any]) -> Person:
    email = plain(claims.get("email"), EMAIL_LENGTH).strip().lower()
    return Person(issuer, sub, person_name(claims), email, claims.get("email_verified") is True)


def _joined(address: str, query: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
