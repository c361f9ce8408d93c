from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import Base, Created, Id

EMAIL_LENGTH = 254  # the longest address that can be delivered (RFC 5321)


class User(Base):
    """A person who can sign in: student, assistant or instructor, depending on the enrolment."""

    __tablename__ = "users"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH), unique=True)  # lower case
    name: Mapped[str]
    password_hash: Mapped[str | None]  # argon2; None: this person cannot sign in with a password
    active: Mapped[bool] = mapped_column(default=True)
    admin: Mapped[bool] = mapped_column(default=False)  # runs the service; says nothing about courses
    created_at: Mapped[Created]
