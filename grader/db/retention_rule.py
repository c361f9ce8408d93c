from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import Base
from grader.db.types import UtcDateTime
from grader.time import utc_now

THE_ROW = 1


class RetentionRule(Base):
    """One row: how long files are kept. None: for ever. Grades are kept whatever stands here."""

    __tablename__ = "retention_rules"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    executed_months: Mapped[int | None]  # notebooks with outputs, after their run
    files_months: Mapped[int | None]  # what was handed in, after the end of the course
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now)
    updated_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))  # None: on the command line
