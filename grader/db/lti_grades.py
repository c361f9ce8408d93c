"""LTI 1.3, assignment and grade services: the columns of a platform's gradebook, and what each cell is owed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.assignment import Assignment
from grader.db.base import ID_LENGTH, Base, Created, Id, Ref
from grader.db.lti import LtiContext, LtiResourceLink
from grader.db.types import UtcDateTime, enum_column
from grader.db.user import User
from grader.time import utc_now


class SyncState(StrEnum):
    QUEUED = "queued"  # not sent yet, or a newer revision is wanted
    POSTING = "posting"  # somebody is sending it, until `lease_until`
    ACKED = "acked"  # the platform has the wanted revision
    RETRY = "retry"  # failed in a way that passes; tried again at `next_try_at`
    CONFLICT = "conflict"  # the platform says that it has something newer; read back first
    OVERRIDDEN = "overridden"  # a teacher's grade there stands above ours
    BLOCKED_USER = "blocked_user"  # not a student of the platform's course
    DEAD = "dead"  # given up; `problem` says why


class LtiLineItem(Base):
    """The column of a platform's gradebook for one assignment; never two for the same one."""

    __tablename__ = "lti_line_items"
    __table_args__ = (UniqueConstraint("context_id", "assignment_id"),)

    id: Mapped[Id]
    context_id: Mapped[Ref] = mapped_column(ForeignKey("lti_contexts.id"))
    assignment_id: Mapped[Ref] = mapped_column(ForeignKey("assignments.id"), index=True)
    resource_link_id: Mapped[str | None] = mapped_column(ForeignKey("lti_resource_links.id"))  # the row
    url: Mapped[str] = mapped_column(default="")  # "": not found or made yet
    label: Mapped[str] = mapped_column(default="")
    score_maximum: Mapped[float | None]  # as the platform has it
    problem: Mapped[str] = mapped_column(default="")
    lease: Mapped[str] = mapped_column(String(ID_LENGTH), default="")  # whose turn it is, until `lease_until`
    lease_until: Mapped[datetime | None]
    reconciled_at: Mapped[datetime | None]  # when all its results were read back last
    created_at: Mapped[Created]

    context: Mapped[LtiContext] = relationship()
    assignment: Mapped[Assignment] = relationship()
    resource_link: Mapped[LtiResourceLink | None] = relationship()


class LtiGradeSync(Base):
    """One cell: what it should hold, what the platform acknowledged, and its last answer. The latest wins."""

    __tablename__ = "lti_grade_syncs"
    __table_args__ = (UniqueConstraint("line_item_id", "user_id"), Index(None, "state", "next_try_at"))

    id: Mapped[Id]
    line_item_id: Mapped[Ref] = mapped_column(ForeignKey("lti_line_items.id"))
    user_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    state: Mapped[SyncState] = mapped_column(enum_column(SyncState), default=SyncState.QUEUED)
    wanted_revision: Mapped[int]  # of the grade
    wanted_score: Mapped[float | None]  # None: the grade was taken back
    wanted_maximum: Mapped[float | None]
    wanted_draft: Mapped[bool] = mapped_column(default=False)  # students do not see it here yet
    acked_revision: Mapped[int | None]
    acked_score: Mapped[float | None]
    sent_score: Mapped[float | None]  # of the last score sent, acknowledged or not
    last_timestamp: Mapped[datetime | None]  # of the last score sent; the next one is later
    tries: Mapped[int] = mapped_column(default=0)  # of the wanted revision
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now)
    lease: Mapped[str] = mapped_column(String(ID_LENGTH), default="")
    lease_until: Mapped[datetime | None]
    last_try_at: Mapped[datetime | None]
    last_status: Mapped[int | None]  # of HTTP; None where there was no answer
    excerpt: Mapped[str] = mapped_column(default="")  # how the last answer's body begins
    problem: Mapped[str] = mapped_column(default="")
    failure_told: Mapped[bool] = mapped_column(default=False)  # `lti.sync_failed` went out for this state
    read_at: Mapped[datetime | None]  # when the platform's result was read last
    read_score: Mapped[float | None]
    read_maximum: Mapped[float | None]
    difference: Mapped[str] = mapped_column(default="")  # how what was read differs from what was sent
    overrule: Mapped[bool] = mapped_column(default=False)  # somebody who saw what stands there wants ours instead
    created_at: Mapped[Created]

    line_item: Mapped[LtiLineItem] = relationship()
    user: Mapped[User] = relationship()
