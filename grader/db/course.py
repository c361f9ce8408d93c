from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import Base, Created, Id


class Course(Base):
    """`total_rule` says how the course total is made (`grader.gradebook.totals.TotalRule`); None: the default.

    `total_revision` grows with every change of it or of a weight, so that two people who edit at once notice.
    `queue_terms` says how it shares the queues with other courses (`grader.queueing.terms.QueueTerms`); None: like
    any other.
    """

    __tablename__ = "courses"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str]
    assistants_may_view: Mapped[bool] = mapped_column(default=False)  # the course as a student sees it
    late_tokens: Mapped[int] = mapped_column(default=0)  # a student's for the whole course; each moves a due date
    total_rule: Mapped[dict[str, Any] | None]
    total_revision: Mapped[int] = mapped_column(default=0)
    queue_terms: Mapped[dict[str, Any] | None]
    created_at: Mapped[Created]
