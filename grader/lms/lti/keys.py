"""Our own keys: published at the JWKS address, sealed in the database, and replaced without a gap.

A new key is published for an hour before it signs, because platforms keep what they fetched; an old one stays
published for a week after it signed last.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.base import new_id
from grader.db.models import LtiKey
from grader.lms.lti import queries
from grader.lms.webhooks.secrets import Sealer, UnreadableSecret
from grader.time import utc_now

BITS = 2048
LEAD = timedelta(hours=1)  # published, before it signs
TRAIL = timedelta(days=7)  # published, after it signed
MOST_AGE = timedelta(days=180)  # then a new one is made by itself
Writing = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Signer:
    """Signs what platforms verify with our published keys."""

    writing: Writing
    sealer: Sealer
    clock: Callable[[], datetime] = utc_now

    def sign(self, claims: dict[str, Any]) -> str:
        """`claims` as a compact JWS. Needs no session; makes the first key where there is none."""
        with self.writing() as session:
            row = signing_key(session, self.sealer, self.clock())
        key = RSAKey.import_key(json.loads(self.sealer.open(row.private_key)))
        return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": row.id}, claims, key)


def signing_key(session: Session, sealer: Sealer, now: datetime) -> LtiKey:
    """The key that signs now; an aged one is replaced, and one that the secret key no longer opens is given up."""
    rows = [row for row in queries.keys_in_force(session) if _readable(session, row, sealer, now)]
    if not rows:
        rows = [_make(session, sealer, now)]
    elif rows[0].created_at < now - MOST_AGE:
        rows.insert(0, _make(session, sealer, now))
    known = [row for row in rows if row.created_at <= now - LEAD]
    chosen = known[0] if known else rows[-1]
    for row in rows:
        if row.created_at < chosen.created_at and row.replaced_at is None:
            row.replaced_at = now
    return chosen


def rotate(session: Session, sealer: Sealer, *, leaked: bool, by: Actor, now: datetime) -> LtiKey:
    """A new key, which signs in an hour. With `leaked` it signs at once, and the old ones are no longer published."""
    old = queries.keys_in_force(session) if leaked else []
    for row in queries.published_keys(session, now - TRAIL) if leaked else []:
        row.replaced_at = now - 2 * TRAIL
    made = _make(session, sealer, now)
    after = {"key": made.id, "leaked": leaked, "ended": [row.id for row in old]}
    audit.record(session, by, "lti.key-rotated", "lti_key", made.id, after=after)
    return made


def public_set(session: Session, sealer: Sealer, now: datetime) -> dict[str, Any]:
    """What the JWKS address says; there is always at least one key."""
    signing_key(session, sealer, now)
    session.flush()
    return {"keys": [row.public_key for row in queries.published_keys(session, now - TRAIL)]}


def _make(session: Session, sealer: Sealer, now: datetime) -> LtiKey:
    kid = new_id()
    key = RSAKey.generate_key(BITS, {"kid": kid, "use": "sig", "alg": "RS256"}, private=True)
    private = json.dumps(key.as_dict(private=True))
    public = dict(key.as_dict(private=False))
    row = LtiKey(id=kid, private_key=sealer.seal(private), public_key=public, created_at=now)
    session.add(row)
    session.flush()
    return row


def _readable(session: Session, row: LtiKey, sealer: Sealer, now: datetime) -> bool:
    try:
        sealer.open(row.private_key)
    except UnreadableSecret:
        row.replaced_at = now
        audit.record(session, Actor.system("lti"), "lti.key-unreadable", "lti_key", row.id)
        return False
    return True
