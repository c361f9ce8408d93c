from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.assignment import Assignment
from grader.db.assignment_version import AssignmentVersion
from grader.db.base import Base, Created, Digest, Id, Ref
from grader.db.types import enum_column
from grader.db.user import User

if TYPE_CHECKING:
    from grader.db.run import Run


class SubmissionStatus(StrEnum):
    """What is happening to a submission now. A result that counts stays visible while it is run again."""

    QUEUED = "queued"
    RUNNING = "running"
    GRADED = "graded"
    REJECTED = "rejected"  # the file cannot be graded; the student mends it
    FAILED = "failed"  # grading failed again and again; ours to mend, never a score
    SUPERSEDED = "superseded"  # a newer attempt took its place while it waited; kept, and run on request

    @property
    def is_final(self) -> bool:
        return self not in (SubmissionStatus.QUEUED, SubmissionStatus.RUNNING)


class Source(StrEnum):
    WEB = "web"
    API = "api"
    CLI = "cli"
    WEBHOOK = "webhook"  # another system, by an incoming webhook


class Submission(Base):
    """One notebook that one student handed in once."""

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("student_id", "assignment_id", "number"),
        Index(None, "assignment_id", "created_at"),
    )

    id: Mapped[Id]
    student_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"))
    assignment_id: Mapped[Ref] = mapped_column(ForeignKey("assignments.id"))
    version_id: Mapped[Ref] = mapped_column(ForeignKey("assignment_versions.id"))  # in force at that time
    digest: Mapped[Digest] = mapped_column(ForeignKey("blobs.digest"), index=True)
    filename: Mapped[str]  # as the student named it, cleaned; for showing only
    answers: Mapped[dict[str, str]]  # typed by the student; fields left empty are absent
    number: Mapped[int]  # 1, 2, 3… of this student for this assignment
    source: Mapped[Source] = mapped_column(enum_column(Source))
    status: Mapped[SubmissionStatus] = mapped_column(enum_column(SubmissionStatus))
    counted_run_id: Mapped[str | None] = mapped_column(  # the run whose result stands
        ForeignKey("runs.id", use_alter=True, name="fk_submissions_counted_run_id_runs")
    )
    superseded_by: Mapped[int | None]  # number of the attempt that took its place before it was graded
    quarantined_at: Mapped[datetime | None]  # its runs took their workers with them; staff release it
    created_at: Mapped[Created]

    student: Mapped[User] = relationship()
    assignment: Mapped[Assignment] = relationship()
    version: Mapped[AssignmentVersion] = relationship()
    runs: Mapped[list[Run]] = relationship(
        foreign_keys="Run.submission_id", order_by="Run.number", back_populates="submission"
    )
    counted_run: Mapped[Run | None] = relationship(foreign_keys=[counted_run_id], post_update=True)
