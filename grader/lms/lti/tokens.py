"""Access tokens of platforms: one for each registration and set of scopes, and never one for another."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlencode

from grader.db.base import new_id
from grader.db.models import LtiRegistration
from grader.lms.http.client import Client
from grader.lms.lti.errors import NoToken
from grader.lms.lti.keys import Signer

ASSERTION_S = 60
NEW_S = 60.0  # so long it is not a token's age that is refused
EARLY_S = 60.0  # a token is not used in the last minute that it has
SHORTEST_S, LONGEST_S, USUAL_S = 1.0, 24 * 3600.0, 3600.0
MOST_BYTES = 64 * 1024
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Platform:
    """What calls to a platform need of its registration, so that no session is held meanwhile."""

    registration_id: str
    issuer: str
    client_id: str
    token_url: str
    token_audience: str
    family: str

    @classmethod
    def of(cls, row: LtiRegistration) -> Self:
        return cls(row.id, row.issuer, row.client_id, row.token_url, row.token_audience or row.token_url, row.family)


@dataclass(frozen=True)
class _Kept:
    token: str
    asked: float  # of time.monotonic()
    until: float


# The registration's own id is part of the key: two registrations of one issuer (Canvas) never share a token.
_Key = tuple[str, str, tuple[str, ...]]


@dataclass
class Tokens:
    """Fetches access tokens (client credentials, private_key_jwt) and keeps them in this process."""

    client: Client
    signer: Signer
    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    _kept: dict[_Key, _Kept] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def get(self, platform: Platform, scopes: Sequence[str], *, instead_of: str = "") -> str:
        """A token for `scopes`; a new one where the kept one is `instead_of`. Slow: may ask. Raises NoToken."""
        key = _key(platform, scopes)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept.until > self.monotonic() and kept.token != instead_of:
            return kept.token
        made = self._fetch(platform, key[2])
        with self._lock:
            self._kept[key] = made
        return made.token

    def is_new(self, platform: Platform, scopes: Sequence[str]) -> bool:
        """Whether the token for `scopes` was given just now, so that its age is not what is wrong with it."""
        with self._lock:
            kept = self._kept.get(_key(platform, scopes))
        return kept is not None and self.monotonic() - kept.asked < NEW_S

    def _fetch(self, platform: Platform, scopes: Sequence[str]) -> _Kept:
        asked = self.monotonic()
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(platform),
            "scope": " ".join(scopes),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        body = urlencode(form).encode()
        reply = self.client.request("POST", platform.token_url, headers, body, most_bytes=MOST_BYTES)
        if reply.status is None:
            raise NoToken(f"The platform's token address was not reached. {reply.problem}")
        if not reply.succeeded:
            raise NoToken(f"The platform gave no access token: status {reply.status}{_reason(reply.body)}.")
        return _read(reply.body, asked)

    def _assertion(self, platform: Platform) -> str:
        now = int(self.wall())
        return self.signer.sign(
            {
                "iss": platform.client_id,
                "sub": platform.client_id,
                "aud": platform.token_audience,
                "iat": now,
                "exp": now + ASSERTION_S,
                "jti": new_id(),
            }
        )


def _key(platform: Platform, scopes: Sequence[str]) -> _Key:
    return (platform.registration_id, platform.token_url, tuple(sorted(set(scopes))))


def _read(body: bytes, asked: float) -> _Kept:
    try:
        answer = json.loads(body)
        token, life = answer["access_token"], answer.get("expires_in", USUAL_S)
        seconds = min(max(float(life) - EARLY_S, SHORTEST_S), LONGEST_S)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NoToken("The platform's token address answered something that is no access token.") from None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise NoToken("The platform's token address answered something that is no access token.")
    return _Kept(token, asked, asked + seconds)


def _reason(body: bytes) -> str:
    """The error's name, as OAuth has it. Nothing else of the answer: it could repeat what we sent."""
    try:
        name = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    plain = isinstance(name, str) and len(name) <= 60 and name.replace("_", "").isalnum()
    return f" ({name})" if plain else ""
