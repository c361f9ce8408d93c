from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import Base, Created
from grader.db.types import enum_column
from grader.db.user import User
from worker.contract import Queue


class QueuePause(Base):
    """While this row exists, no job of the queue is handed to the broker; they wait in the outbox."""

    __tablename__ = "queue_pauses"

    queue: Mapped[Queue] = mapped_column(enum_column(Queue), primary_key=True)
    reason: Mapped[str]
    paused_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Created]

    by: Mapped[User | None] = relationship()
