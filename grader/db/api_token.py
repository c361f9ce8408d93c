from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import DIGEST_LENGTH, Base, Created, Id, Ref
from grader.db.user import User


class ApiToken(Base):
    """A secret with which a program acts for a user. Only its hash is kept; the secret is shown once."""

    __tablename__ = "api_tokens"

    id: Mapped[Id]
    user_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    label: Mapped[str]
    token_hash: Mapped[str] = mapped_column(String(DIGEST_LENGTH), unique=True)  # sha256 of the secret, hex
    hint: Mapped[str] = mapped_column(String(16))  # the first characters, to tell tokens apart in a list
    scopes: Mapped[list[str]]
    created_at: Mapped[Created]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()
