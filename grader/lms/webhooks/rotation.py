"""A new secret in the place of one that is in use: for endpoints that are told, and for senders that tell us."""

from __future__ import annotations

from datetime import datetime, timedelta

from grader.db.signing_secret import SigningSecret
from grader.lms.webhooks import secrets
from grader.lms.webhooks.errors import RotationUnderWay
from grader.lms.webhooks.secrets import Sealer

OVERLAP = timedelta(hours=24)  # in which the old secret holds too


def renew(holder: SigningSecret, *, sealer: Sealer, overlap: bool, now: datetime) -> str:
    """The new secret. With `overlap` the old one holds for a day more; without, it ends at once (it has leaked).

    Raises RotationUnderWay: only one old secret can overlap.
    """
    if overlap and holder.overlaps(now):
        raise RotationUnderWay
    secret = secrets.make()
    holder.old_secret = holder.secret if overlap else None
    holder.old_secret_until = now + OVERLAP if overlap else None
    holder.secret = sealer.seal(secret)
    return secret
