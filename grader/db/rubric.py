from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import Base, Id, Ref
from grader.db.types import UtcDateTime
from grader.time import utc_now


class Rubric(Base):
    """How one question of an assignment is marked by people."""

    __tablename__ = "rubrics"
    __table_args__ = (UniqueConstraint("assignment_id", "check_key"),)

    id: Mapped[Id]
    assignment_id: Mapped[Ref] = mapped_column(ForeignKey("assignments.id"))
    check_key: Mapped[str]
    criteria: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # {"key", "text", "points"} each
    comments: Mapped[list[str]] = mapped_column(default=list)  # texts that markers use again and again
    anonymous: Mapped[bool] = mapped_column(default=False)  # markers do not see names
    sample_percent: Mapped[int] = mapped_column(default=10)  # of the marks: read by a second marker
    revision: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now)
