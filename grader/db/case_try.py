from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.assignment_version import AssignmentVersion
from grader.db.base import ID_LENGTH, Base, Created, Ref
from grader.db.submission import Submission


class CaseTry(Base):
    """A submission that is one of the package's own cases, handed in by staff to see whether it still passes."""

    __tablename__ = "case_tries"
    __table_args__ = (Index(None, "version_id", "name"),)

    submission_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("submissions.id"), primary_key=True)
    version_id: Mapped[Ref] = mapped_column(ForeignKey("assignment_versions.id"))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str]
    expected: Mapped[dict[str, Any]]  # `grader.packages.expecting` writes and reads it
    created_at: Mapped[Created]

    submission: Mapped[Submission] = relationship()
    version: Mapped[AssignmentVersion] = relationship()
