from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import Base, Created, Id, Ref
from grader.db.course import Course


class Assignment(Base):
    """An assignment as one course gives it. What is graded, and how, is in its newest version."""

    __tablename__ = "assignments"
    __table_args__ = (UniqueConstraint("course_id", "slug"),)

    id: Mapped[Id]
    course_id: Mapped[Ref] = mapped_column(ForeignKey("courses.id"))
    slug: Mapped[str] = mapped_column(String(80), index=True)
    title: Mapped[str]
    opens_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    published: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Created]

    course: Mapped[Course] = relationship()
