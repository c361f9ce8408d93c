"""The public keys of a platform, kept with its registration.

An unknown key makes us fetch them again, but at most once a minute.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from grader.db.models import LtiRegistration
from grader.lms.http.client import Client
from grader.lms.lti import queries
from grader.lms.lti.errors import LaunchRefused
from grader.lms.lti.keys import Writing
from grader.time import utc_now

REFETCH_AFTER = timedelta(seconds=60)
STALE_AFTER = timedelta(hours=24)  # a key that was withdrawn is trusted no longer than that
LEAST_BITS = 2048
MOST_BYTES = 256 * 1024
MOST_KEYS = 50


@dataclass(frozen=True)
class PlatformKeys:
    client: Client
    writing: Writing
    clock: Callable[[], datetime] = utc_now

    def find(self, registration: LtiRegistration, kid: str) -> RSAKey:
        """The platform's key of that name. Slow: may fetch; hold no session. Raises LaunchRefused."""
        now, at = self.clock(), registration.jwks_fetched_at
        found = _of(registration.jwks, kid)
        fresh = at is not None and now - at < STALE_AFTER
        if found is not None and fresh:
            return found
        if at is None or now - at >= REFETCH_AFTER:
            found = _of(self._fetch(registration, now), kid)
        if found is None:
            raise LaunchRefused(
                "unknown-key",
                "The message is signed with a key that the platform does not publish. If it changed its keys just "
                "now, try again in a minute.",
            )
        return found

    def _fetch(self, registration: LtiRegistration, now: datetime) -> dict[str, Any] | None:
        """The keys as the platform publishes them now. The try counts, whatever becomes of it."""
        with self.writing() as session:
            row = queries.registration(session, registration.id)
            taken = row is not None and row.jwks_fetched_at != registration.jwks_fetched_at
            if row is None or taken:
                return row.jwks if row is not None else None  # somebody else fetched meanwhile
            row.jwks_fetched_at = now
        reply = self.client.request("GET", registration.jwks_url, {"Accept": "application/json"}, most_bytes=MOST_BYTES)
        fetched = _key_set(reply.body) if reply.succeeded and reply.complete else None
        if fetched is None:
            why = reply.problem or f"It answered with status {reply.status}, or with something else than keys."
            raise LaunchRefused("keys-unreachable", f"The platform's keys could not be fetched. {why}")
        with self.writing() as session:
            row = queries.registration(session, registration.id)
            if row is not None:
                row.jwks = fetched
        return fetched


def _key_set(body: bytes) -> dict[str, Any] | None:
    try:
        keys = json.loads(body)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        return None
    return {"keys": [_public(key) for key in keys if isinstance(key, dict) and key.get("kty") == "RSA"]}


def _public(key: dict[str, Any]) -> dict[str, Any]:
    return {name: key[name] for name in ("kty", "kid", "use", "alg", "n", "e") if isinstance(key.get(name), str)}


def _of(key_set: dict[str, Any] | None, kid: str) -> RSAKey | None:
    for one in (key_set or {}).get("keys", []):
        if one.get("kid") != kid or one.get("use", "sig") != "sig" or one.get("alg", "RS256") != "RS256":
            continue
        try:
            key = RSAKey.import_key(one)
            long_enough = key.public_key.key_size >= LEAST_BITS
        except (JoseError, ValueError, KeyError, TypeError):
            continue
        if long_enough:
            return key
    return None
