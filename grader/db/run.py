from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.assignment_version import AssignmentVersion
from grader.db.base import DIGEST_LENGTH, Base, Created, Id, Ref
from grader.db.check_result import CheckResultRow
from grader.db.submission import Submission
from grader.db.types import enum_column
from worker.contract import GradeStatus, Queue

ACTIVE = text("status IN ('queued', 'running')")
HANDED_OUT = text("status IN ('queued', 'running') AND dispatched_at IS NOT NULL")


class RunCause(StrEnum):
    SUBMITTED = "submitted"
    RERUN = "rerun"  # a person asked for it
    LOST = "lost"  # the run before it was lost with its worker
    FAILED = "failed"  # grading itself failed in the run before it
    TRIAL = "trial"  # to see what would change; it counts only once its trial is applied


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"  # a result was recorded: graded, or rejected
    LOST = "lost"  # its worker fell silent
    SUPERSEDED = "superseded"  # a rerun took its place before it had ended
    FAILED = "failed"  # the worker could not grade it

    @property
    def is_active(self) -> bool:
        return self in (RunStatus.QUEUED, RunStatus.RUNNING)


class Run(Base):
    """One try to grade one submission. At most one run of a submission is queued or running."""

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("submission_id", "number"),
        Index("uq_runs_active", "submission_id", unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE),
        Index(None, "status", "queue", "created_at"),
        Index(None, "status", "lease_expires_at"),
        Index(None, "queue", "started_at"),
        Index("ix_runs_handed_out", "queue", "status", sqlite_where=HANDED_OUT, postgresql_where=HANDED_OUT),
    )

    id: Mapped[Id]
    submission_id: Mapped[Ref] = mapped_column(ForeignKey("submissions.id"))
    version_id: Mapped[Ref] = mapped_column(ForeignKey("assignment_versions.id"))  # graded against this
    number: Mapped[int]
    cause: Mapped[RunCause] = mapped_column(enum_column(RunCause))
    attempt: Mapped[int] = mapped_column(default=1)  # 1, then one more after each loss or failure of ours
    status: Mapped[RunStatus] = mapped_column(enum_column(RunStatus))
    outcome: Mapped[GradeStatus | None] = mapped_column(enum_column(GradeStatus))
    queue: Mapped[Queue] = mapped_column(enum_column(Queue))
    lease: Mapped[str] = mapped_column(String(64))  # a result without it is refused
    lease_expires_at: Mapped[datetime | None]
    worker: Mapped[str | None]
    # The process of the worker, where it names one; of a run that died alone, its own id: see grading.quarantine.
    worker_process: Mapped[str] = mapped_column(String(64), default="", server_default="")
    refusals: Mapped[int] = mapped_column(default=0, server_default="0")  # late, doubled and foreign results
    created_at: Mapped[Created]
    dispatched_at: Mapped[datetime | None]  # when it was chosen, or its job message last handed to the broker
    dispatches: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    seconds_total: Mapped[float | None]
    seconds_execute: Mapped[float | None]
    seconds_overhead: Mapped[float | None]
    score: Mapped[float | None]
    max_score: Mapped[float | None]
    notices: Mapped[list[str]] = mapped_column(default=list)
    reason: Mapped[str] = mapped_column(default="")  # for the student: why it was rejected or failed
    staff_text: Mapped[str] = mapped_column(default="")  # never shown to students
    cells: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # contract.CellSummary each
    peak_memory_mib: Mapped[float | None]
    executed_digest: Mapped[str | None] = mapped_column(  # the notebook with the outputs of this run
        String(DIGEST_LENGTH), ForeignKey("blobs.digest"), index=True
    )
    executed_removed_at: Mapped[datetime | None]  # by the rule for old files

    trial_id: Mapped[str | None] = mapped_column(ForeignKey("trials.id"), index=True)
    compared_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id"))  # of a trial: the run that counted then

    submission: Mapped[Submission] = relationship(foreign_keys=[submission_id], back_populates="runs")
    version: Mapped[AssignmentVersion] = relationship()
    checks: Mapped[list[CheckResultRow]] = relationship(order_by=CheckResultRow.position)
