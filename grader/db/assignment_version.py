from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.assignment import Assignment
from grader.db.base import Base, Created, Digest, Id, Ref


class AssignmentVersion(Base):
    """The files of an assignment as they were at one time. The highest number is the one in force."""

    __tablename__ = "assignment_versions"
    __table_args__ = (UniqueConstraint("assignment_id", "number"),)

    id: Mapped[Id]
    assignment_id: Mapped[Ref] = mapped_column(ForeignKey("assignments.id"))
    number: Mapped[int]
    digest: Mapped[Digest]  # of the package's files; the worker must hold the same
    details: Mapped[dict[str, Any]]  # what `grader.courses.release.Release` reads
    # Text and digest of each file by path (`grader.packages.files`); much, so it is read where it is asked for.
    files: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    max_score: Mapped[float]
    created_at: Mapped[Created]

    assignment: Mapped[Assignment] = relationship()
