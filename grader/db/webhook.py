"""Outgoing webhooks: where they go, what is owed to each address, and every try."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import ID_LENGTH, Base, Created, Id, Ref
from grader.db.course import Course
from grader.db.signing_secret import SigningSecret
from grader.db.types import UtcDateTime, enum_column
from grader.time import utc_now


class DeliveryState(StrEnum):
    PENDING = "pending"  # never tried, or asked for again
    LEASED = "leased"  # somebody is sending it, until `lease_until`
    DELIVERED = "delivered"
    RETRY_WAIT = "retry_wait"
    EXHAUSTED = "exhausted"  # every try failed
    CANCELLED = "cancelled"  # the endpoint was disabled or removed


class WebhookEndpoint(SigningSecret, Base):
    """An address that is told of events: of one course, or (without a course) of the whole service."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[Id]
    course_id: Mapped[str | None] = mapped_column(ForeignKey("courses.id"), index=True)
    url: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    events: Mapped[list[str]]  # kinds; none means all
    created_at: Mapped[Created]
    failing_since: Mapped[datetime | None]  # the first failure since the last success
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str] = mapped_column(default="")
    removed_at: Mapped[datetime | None]

    course: Mapped[Course | None] = relationship()

    @property
    def is_active(self) -> bool:
        return self.disabled_at is None and self.removed_at is None


class WebhookDelivery(Base):
    """One event that is owed to one endpoint. `message_id` and `body` are the same for every try."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "message_id"),
        Index(None, "state", "next_try_at"),
    )

    id: Mapped[Id]
    endpoint_id: Mapped[Ref] = mapped_column(ForeignKey("webhook_endpoints.id"))
    message_id: Mapped[str] = mapped_column(String(64))  # the header webhook-id
    event: Mapped[str] = mapped_column(String(40))
    body: Mapped[str]
    state: Mapped[DeliveryState] = mapped_column(enum_column(DeliveryState), default=DeliveryState.PENDING)
    tries: Mapped[int] = mapped_column(default=0)  # since it was made or asked for again
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now)
    lease: Mapped[str] = mapped_column(String(ID_LENGTH), default="")
    lease_until: Mapped[datetime | None]
    created_at: Mapped[Created]
    finished_at: Mapped[datetime | None]

    endpoint: Mapped[WebhookEndpoint] = relationship()
    attempts: Mapped[list[WebhookAttempt]] = relationship(order_by="WebhookAttempt.id")


class WebhookAttempt(Base):
    """One try: what was answered, or why nothing was."""

    __tablename__ = "webhook_attempts"

    id: Mapped[Id]
    delivery_id: Mapped[Ref] = mapped_column(ForeignKey("webhook_deliveries.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now)
    status: Mapped[int | None]  # of HTTP; None where there was no answer
    problem: Mapped[str] = mapped_column(default="")
    excerpt: Mapped[str] = mapped_column(default="")  # how the answer's body begins
    seconds: Mapped[float]
