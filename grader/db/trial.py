from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.assignment import Assignment
from grader.db.assignment_version import AssignmentVersion
from grader.db.base import Base, Created, Id, Ref
from grader.db.types import enum_column
from grader.db.user import User


class TrialStatus(StrEnum):
    OPEN = "open"  # its runs are being made, or wait for a decision
    APPLIED = "applied"
    DROPPED = "dropped"


class Trial(Base):
    """Many submissions run again without consequence, to see whose score would change; then applied or dropped."""

    __tablename__ = "trials"

    id: Mapped[Id]
    assignment_id: Mapped[Ref] = mapped_column(ForeignKey("assignments.id"), index=True)
    version_id: Mapped[Ref] = mapped_column(ForeignKey("assignment_versions.id"))
    reason: Mapped[str]
    status: Mapped[TrialStatus] = mapped_column(enum_column(TrialStatus))
    started_by: Mapped[Ref] = mapped_column(ForeignKey("users.id"))
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Created]
    decided_at: Mapped[datetime | None]

    assignment: Mapped[Assignment] = relationship()
    version: Mapped[AssignmentVersion] = relationship()
    starter: Mapped[User] = relationship(foreign_keys=[started_by])
