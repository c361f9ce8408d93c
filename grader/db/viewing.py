from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import Base, Created, Id, Ref
from grader.db.course import Course
from grader.db.user import User


class Viewing(Base):
    """Somebody of the staff looks at a course as one of its students sees it, until `until` or `ended_at`."""

    __tablename__ = "viewings"

    id: Mapped[Id]
    viewer_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    student_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"))
    course_id: Mapped[Ref] = mapped_column(ForeignKey("courses.id"))
    created_at: Mapped[Created]
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    student: Mapped[User] = relationship(foreign_keys=[student_id])
    course: Mapped[Course] = relationship()
