"""Signed tickets with which a worker, who has no credentials, fetches the one notebook it is to grade."""

from __future__ import annotations

import time
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeTimedSerializer

_SALT = "grader.blob-ticket.1"
BLOB_PATH = "/internal/blobs/"


@dataclass(frozen=True)
class BlobTicket:
    run_id: str
    digest: str


class Signer:
    """Makes and reads tickets; a ticket names one run and one file, and expires."""

    def __init__(self, secret_key: str, *, lifetime_s: int) -> None:
        self._serializer = URLSafeTimedSerializer(secret_key, salt=_SALT)
        self._lifetime_s = lifetime_s

    def sign(self, ticket: BlobTicket) -> str:
        text = self._serializer.dumps([ticket.run_id, ticket.digest])
        return text if isinstance(text, str) else text.decode("ascii")

    def read(self, token: str) -> BlobTicket | None:
        """The ticket, or None when it is forged, damaged or expired.

        One from the future is good: the clock was set back since, and a worker may be at its run.
        """
        try:
            (run_id, digest), signed_at = self._serializer.loads(token, return_timestamp=True)
        except (BadData, ValueError, TypeError):
            return None
        if time.time() - signed_at.timestamp() > self._lifetime_s:
            return None
        return BlobTicket(str(run_id), str(digest))

    def blob_url(self, internal_url: str, ticket: BlobTicket) -> str:
        return f"{internal_url}{BLOB_PATH}{self.sign(ticket)}"
