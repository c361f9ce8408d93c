from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.assignment import Assignment
from grader.db.base import Base, Created, Id, Ref
from grader.db.submission import Submission
from grader.db.types import enum_column
from grader.db.user import User


class ComparisonStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class PairDecision(StrEnum):
    OPEN = "open"
    KEPT = "kept"
    DISMISSED = "dismissed"


class Comparison(Base):
    """One look through an assignment's submissions for pairs that are too alike. `done` of `total` were read."""

    __tablename__ = "comparisons"

    id: Mapped[Id]
    assignment_id: Mapped[Ref] = mapped_column(ForeignKey("assignments.id"), index=True)
    status: Mapped[ComparisonStatus] = mapped_column(enum_column(ComparisonStatus))
    with_earlier: Mapped[bool] = mapped_column(default=False)  # also against earlier courses' submissions
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    found: Mapped[int] = mapped_column(default=0)  # pairs
    problem: Mapped[str] = mapped_column(default="")
    started_by: Mapped[Ref] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Created]
    seen_at: Mapped[datetime | None]  # the last sign of life of whoever works on it
    finished_at: Mapped[datetime | None]

    assignment: Mapped[Assignment] = relationship()
    starter: Mapped[User] = relationship()


class SimilarPair(Base):
    """Two submissions of different students that are too alike, and what staff think of it. Never a penalty.

    A later comparison writes new figures into the row and leaves the decision.
    """

    __tablename__ = "similar_pairs"
    __table_args__ = (UniqueConstraint("first_id", "second_id"), Index(None, "assignment_id", "score"))

    id: Mapped[Id]
    assignment_id: Mapped[Ref] = mapped_column(ForeignKey("assignments.id"))  # the one that was compared
    comparison_id: Mapped[Ref] = mapped_column(ForeignKey("comparisons.id"), index=True)  # that saw it last
    first_id: Mapped[Ref] = mapped_column(ForeignKey("submissions.id"))
    second_id: Mapped[Ref] = mapped_column(ForeignKey("submissions.id"), index=True)
    score: Mapped[float]  # share of the smaller one's own code that is in the other, 0 to 1
    shared: Mapped[int]  # fingerprints in both
    decision: Mapped[PairDecision] = mapped_column(enum_column(PairDecision))
    note: Mapped[str] = mapped_column(default="")
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=0)

    first: Mapped[Submission] = relationship(foreign_keys=[first_id])
    second: Mapped[Submission] = relationship(foreign_keys=[second_id])
    decider: Mapped[User | None] = relationship(foreign_keys=[decided_by])
