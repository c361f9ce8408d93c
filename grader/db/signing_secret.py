"""A secret that two sides sign with, and the one before it for as long as both hold."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped


class SigningSecret:
    """Columns of a table whose rows have such a secret. Sealed; see grader.lms.webhooks.secrets."""

    secret: Mapped[str]
    old_secret: Mapped[str | None]  # holds too until `old_secret_until`
    old_secret_until: Mapped[datetime | None]

    def overlaps(self, now: datetime) -> bool:
        """Whether the old secret holds too."""
        return self.old_secret is not None and self.old_secret_until is not None and self.old_secret_until > now

    def sealed_keys(self, now: datetime) -> tuple[str, ...]:
        """Those that hold, the new one first."""
        old = (self.old_secret,) if self.old_secret is not None and self.overlaps(now) else ()
        return self.secret, *old
