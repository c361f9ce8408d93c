from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import DIGEST_LENGTH, Base, Created, Id, Ref
from grader.db.course import Course
from grader.db.enrolment import Role
from grader.db.types import enum_column
from grader.db.user import EMAIL_LENGTH


class CourseInvitation(Base):
    """A one-time link by which the person of this address comes into the course, with a password of their own."""

    __tablename__ = "course_invitations"

    id: Mapped[Id]
    course_id: Mapped[Ref] = mapped_column(ForeignKey("courses.id"), index=True)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    role: Mapped[Role] = mapped_column(enum_column(Role))
    section: Mapped[str]
    token_hash: Mapped[str] = mapped_column(String(DIGEST_LENGTH), unique=True)  # the link itself is shown once
    invited_by: Mapped[Ref] = mapped_column(ForeignKey("users.id"))
    used_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Created]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # when it was used or taken back

    course: Mapped[Course] = relationship()
