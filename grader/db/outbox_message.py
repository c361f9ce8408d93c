from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import ID_LENGTH, Base, Created, Id
from grader.db.types import UtcDateTime
from grader.time import utc_now

WAITING = text("dispatched_at IS NULL")


class OutboxMessage(Base):
    """Something owed to the world outside, written in the transaction that made it owed."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_waiting", "kind", "next_try_at", sqlite_where=WAITING, postgresql_where=WAITING),
        Index(None, "subject_id"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(40))  # "run.job", "submission.graded", "grade.changed"
    subject_id: Mapped[str] = mapped_column(String(ID_LENGTH))  # run, submission or grade
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[Created]
    dispatched_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now)
