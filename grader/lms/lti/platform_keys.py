"""The public keys of a platform, kept with its registration.

An unknown key makes us fetch them again, but at most once a minute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc.jwk import RSAKey

from grader.db.models import LtiRegistration
from grader.jose import key_sets
from grader.lms.http.client import Client
from grader.lms.lti import queries
from grader.lms.lti.errors import LaunchRefused
from grader.lms.lti.keys import Writing
from grader.time import utc_now


@dataclass(frozen=True)
class PlatformKeys:
    client: Client
    writing: Writing
    clock: Callable[[], datetime] = utc_now

    def find(self, registration: LtiRegistration, kid: str) -> RSAKey:
        """The platform's key of that name. Slow: may fetch; hold no session. Raises LaunchRefused."""
        now, at = self.clock(), registration.jwks_fetched_at
        found = key_sets.find(registration.jwks, kid)
        fresh = at is not None and now - at < key_sets.STALE_AFTER
        if found is not None and fresh:
            return found
        if at is None or now - at >= key_sets.REFETCH_AFTER:
            found = key_sets.find(self._fetch(registration, now), kid)
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
        reply = self.client.request(
            "GET", registration.jwks_url, {"Accept": "application/json"}, most_bytes=key_sets.MOST_BYTES
        )
        fetched = key_sets.read(reply.body) if reply.succeeded and reply.complete else None
        if fetched is None:
            why = reply.problem or f"It answered with status {reply.status}, or with something else than keys."
            raise LaunchRefused("keys-unreachable", f"The platform's keys could not be fetched. {why}")
        with self.writing() as session:
            row = queries.registration(session, registration.id)
            if row is not None:
                row.jwks = fetched
        return fetched
