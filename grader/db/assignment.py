from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import Base, Created, Id, Ref
from grader.db.course import Course


class Assignment(Base):
    """An assignment as one course gives it. What is graded, and how, is in its newest version.

    `policy` holds the rules that an instructor set here (`assignments.policy.PolicySpec`); None: those of the
    package hold. `policy_revision` grows with every change of rules or dates, so that two people who edit at
    once notice each other.
    """

    __tablename__ = "assignments"
    __table_args__ = (UniqueConstraint("course_id", "slug"),)

    id: Mapped[Id]
    course_id: Mapped[Ref] = mapped_column(ForeignKey("courses.id"))
    slug: Mapped[str] = mapped_column(String(80), index=True)
    title: Mapped[str]
    opens_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]  # nothing is accepted after it; None: late work always is
    policy: Mapped[dict[str, Any] | None]
    points: Mapped[dict[str, Any] | None]  # of questions, by key, as set here; None: those of the package hold
    policy_revision: Mapped[int] = mapped_column(default=0)
    grades_hidden: Mapped[bool] = mapped_column(default=False)  # students see neither scores nor checks
    published: Mapped[bool] = mapped_column(default=False)
    weight: Mapped[float] = mapped_column(default=1.0)  # in the course total, where that goes by weights
    group_rules: Mapped[dict[str, Any] | None]  # `grader.groups.rules.GroupRules`; None: everybody works alone
    created_at: Mapped[Created]

    course: Mapped[Course] = relationship()
