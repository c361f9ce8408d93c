"""Secrets of endpoints: made, sealed for the database, and used to sign."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from standardwebhooks.webhooks import Webhook

PREFIX = "whsec_"
_BYTES = 32
_SALT = b"grader.webhook-secret.1\x00"


class UnreadableSecret(Exception):
    """It was sealed with another secret key of the service."""


def make() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode("ascii")


class Sealer:
    """Keeps secrets unreadable in the database and its backups. `key` is the service's secret key."""

    def __init__(self, key: str) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(sha256(_SALT + key.encode()).digest()))

    def seal(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Raises UnreadableSecret."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise UnreadableSecret from None


def headers(message_id: str, at: datetime, body: str, keys: Iterable[str]) -> dict[str, str]:
    """What the specification asks for; one signature for each of `keys`."""
    moment = at.astimezone(UTC)  # the library takes any other zone for UTC
    signatures = [Webhook(key).sign(message_id, moment, body) for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
