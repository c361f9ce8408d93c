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
    """What a student has for an assignment.

    `score` is what counts: the override of an instructor, else `computed_score`, which is `raw_score` of the
    submission that counts times `kept_share` (less than 1 for late work). It is None where a grade was taken
    back (its only submission was rejected when run again) and where the student is excused.
    """

    __tablename__ = "grades"
    __table_args__ = (UniqueConstraint("student_id", "assignment_id"),)

    id: Mapped[Id]
    student_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"))
    assignment_id: Mapped[Ref] = mapped_column(ForeignKey("assignments.id"), index=True)
    score: Mapped[float | None]
    max_score: Mapped[float | None]
    submission_id: Mapped[str | None] = mapped_column(ForeignKey("submissions.id"))
    raw_score: Mapped[float | None]  # as graded, before the late penalty
    kept_share: Mapped[float] = mapped_column(default=1.0)
    computed_score: Mapped[float | None]
    override_score: Mapped[float | None]  # set by a person, with `note`
    excused: Mapped[bool] = mapped_column(default=False)  # the assignment does not count for this student
    note: Mapped[str] = mapped_column(default="")  # why it was overridden or excused; shown to the student
    chosen_submission_id: Mapped[str | None] = mapped_column(ForeignKey("submissions.id"))  # by the student
    revision: Mapped[int] = mapped_column(default=0)  # one more with every change; the latest wins elsewhere
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now)

    student: Mapped[User] = relationship()
    assignment: Mapped[Assignment] = relationship()
    submission: Mapped[Submission | None] = relationship(foreign_keys=[submission_id])
