from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.assignment import Assignment
from grader.db.base import Base, Created, Id, Ref
from grader.db.types import UtcDateTime
from grader.db.user import User
from grader.time import utc_now


class Extension(Base):
    """What one student has of an assignment beyond the others: later dates, more attempts, late tokens used."""

    __tablename__ = "extensions"
    __table_args__ = (UniqueConstraint("assignment_id", "student_id"),)

    id: Mapped[Id]
    assignment_id: Mapped[Ref] = mapped_column(ForeignKey("assignments.id"))
    student_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    due_at: Mapped[datetime | None]  # None: as for everybody
    closes_at: Mapped[datetime | None]
    extra_attempts: Mapped[int] = mapped_column(default=0)
    tokens: Mapped[int] = mapped_column(default=0)  # late tokens that the student spent on this assignment
    reason: Mapped[str] = mapped_column(default="")  # for staff
    revision: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Created]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now)

    student: Mapped[User] = relationship()
    assignment: Mapped[Assignment] = relationship()
