from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import ID_LENGTH, Base, Created, Id


class AuditEntry(Base):
    """Who did what to which object. Rows are only ever added."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "object_type", "object_id"), Index(None, "at"))

    id: Mapped[Id]
    at: Mapped[Created]
    actor_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))  # None: no person did it
    actor: Mapped[str]  # "user:ada@example.org", "worker:host-1", "sweeper"
    action: Mapped[str] = mapped_column(String(60))  # "run.recorded"
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
