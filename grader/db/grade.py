from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.assignment import Assignment
from grader.db.base import Base, Id, Ref
from grader.db.submission import Submission
from grader.db.types import UtcDateTime
from grader.db.user import User
from grader.time import utc_now


class Grade(Base):
    """What a student has for an assignment: the best of the submissions that were graded.

    `score` is None where a grade was taken back (its only submission was rejected when run again).
    """

    __tablename__ = "grades"
    __table_args__ = (UniqueConstraint("student_id", "assignment_id"),)

    id: Mapped[Id]
    student_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"))
    assignment_id: Mapped[Ref] = mapped_column(ForeignKey("assignments.id"), index=True)
    score: Mapped[float | None]
    max_score: Mapped[float | None]
    submission_id: Mapped[str | None] = mapped_column(ForeignKey("submissions.id"))
    revision: Mapped[int] = mapped_column(default=0)  # one more with every change; the latest wins elsewhere
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now)

    student: Mapped[User] = relationship()
    assignment: Mapped[Assignment] = relationship()
    submission: Mapped[Submission | None] = relationship()
