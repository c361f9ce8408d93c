from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import Base, Created, Id, Ref
from grader.db.submission import Submission
from grader.db.types import enum_column
from grader.db.user import User

OPEN = text("status = 'open'")


class RegradeStatus(StrEnum):
    OPEN = "open"
    CHANGED = "changed"  # answered, with other points
    KEPT = "kept"  # answered, the points stay
    WITHDRAWN = "withdrawn"


class RegradeRequest(Base):
    """A student asks staff to look at one check again. One is open at a time for each check."""

    __tablename__ = "regrade_requests"
    __table_args__ = (
        Index("uq_regrade_requests_open", "submission_id", "check_key", unique=True, sqlite_where=OPEN,
              postgresql_where=OPEN),
    )  # fmt: skip

    id: Mapped[Id]
    submission_id: Mapped[Ref] = mapped_column(ForeignKey("submissions.id"), index=True)
    check_key: Mapped[str]
    check_title: Mapped[str]
    asked: Mapped[str]  # by the student
    status: Mapped[RegradeStatus] = mapped_column(enum_column(RegradeStatus))
    points_before: Mapped[float]
    points_after: Mapped[float | None]
    reply: Mapped[str] = mapped_column(default="")
    replied_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    replied_at: Mapped[datetime | None]
    created_at: Mapped[Created]

    submission: Mapped[Submission] = relationship()
    replier: Mapped[User | None] = relationship()
