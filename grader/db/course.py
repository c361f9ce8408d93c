from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import Base, Created, Id


class Course(Base):
    __tablename__ = "courses"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str]
    late_tokens: Mapped[int] = mapped_column(default=0)  # a student's for the whole course; each moves a due date
    created_at: Mapped[Created]
