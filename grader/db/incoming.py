"""Incoming webhooks: who may send them to a course, and all that came."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import Base, Created, Digest, Id, Ref
from grader.db.signing_secret import SigningSecret

MESSAGE_ID_LENGTH = 200


class IncomingSender(SigningSecret, Base):
    """A system (a portal, a school's middleware) that may change one course by signed messages."""

    __tablename__ = "incoming_senders"

    id: Mapped[Id]
    course_id: Mapped[Ref] = mapped_column(ForeignKey("courses.id"), index=True)
    name: Mapped[str]
    created_at: Mapped[Created]
    disabled_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]  # gone for people and senders; what it sent stays


class IncomingMessage(Base):
    """One message and what was answered. `claim` is its `webhook-id` once it was carried out: only one row can have
    it, so a message acts once however often it comes. What was refused changed nothing and may be sent again."""

    __tablename__ = "incoming_messages"
    __table_args__ = (UniqueConstraint("sender_id", "claim"),)

    id: Mapped[Id]
    sender_id: Mapped[Ref] = mapped_column(ForeignKey("incoming_senders.id"), index=True)
    message_id: Mapped[str] = mapped_column(String(MESSAGE_ID_LENGTH))  # as it was given; "" where there was none
    claim: Mapped[str | None] = mapped_column(String(MESSAGE_ID_LENGTH))
    event: Mapped[str]
    digest: Mapped[Digest]  # sha256 of the body
    size_bytes: Mapped[int]
    status: Mapped[int]  # of HTTP
    answer: Mapped[dict[str, Any]]
    repeats: Mapped[int] = mapped_column(default=0)  # how often it came again after it had been carried out
    created_at: Mapped[Created]
