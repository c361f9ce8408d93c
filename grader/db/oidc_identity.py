from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import Base, Created, Id, Ref
from grader.db.user import EMAIL_LENGTH, User

SUB_LENGTH = 255  # the longest that OpenID Connect allows
ISSUER_LENGTH = 500


class OidcIdentity(Base):
    """Who somebody of a provider of single sign-on is here. An address was matched once, when it was made."""

    __tablename__ = "oidc_identities"
    __table_args__ = (UniqueConstraint("issuer", "sub"), UniqueConstraint("issuer", "user_id"))

    id: Mapped[Id]
    issuer: Mapped[str] = mapped_column(String(ISSUER_LENGTH))
    sub: Mapped[str] = mapped_column(String(SUB_LENGTH))
    user_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))  # as it was when the two were connected
    created_at: Mapped[Created]
    seen_at: Mapped[datetime | None]  # the last sign-in

    user: Mapped[User] = relationship()
