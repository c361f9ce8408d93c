from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import Base, Created, Id, Ref
from grader.db.course import Course
from grader.db.types import enum_column
from grader.db.user import User


class Role(StrEnum):
    STUDENT = "student"
    TA = "ta"
    INSTRUCTOR = "instructor"

    @property
    def is_staff(self) -> bool:
        return self is not Role.STUDENT


class Enrolment(Base):
    """What a user is in a course."""

    __tablename__ = "enrolments"
    __table_args__ = (UniqueConstraint("user_id", "course_id"),)

    id: Mapped[Id]
    user_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"))
    course_id: Mapped[Ref] = mapped_column(ForeignKey("courses.id"), index=True)
    role: Mapped[Role] = mapped_column(enum_column(Role))
    section: Mapped[str] = mapped_column(default="")  # group, tutorial or seminar; "" where there is none
    created_at: Mapped[Created]

    user: Mapped[User] = relationship()
    course: Mapped[Course] = relationship()
