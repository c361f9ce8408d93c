from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import ID_LENGTH, Base, Created, Id, Ref
from grader.db.types import UtcDateTime
from grader.db.user import User
from grader.time import utc_now


class Mark(Base):
    """The points that a person gave one submission for one check. They hold for every run of it, also later ones."""

    __tablename__ = "marks"
    __table_args__ = (UniqueConstraint("submission_id", "check_key"),)

    id: Mapped[Id]
    submission_id: Mapped[Ref] = mapped_column(ForeignKey("submissions.id"))
    check_key: Mapped[str]
    points: Mapped[float]
    criteria: Mapped[list[str]] = mapped_column(default=list)  # keys of those that were met
    comment: Mapped[str] = mapped_column(default="")  # for the student
    marker_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    automatic: Mapped[dict[str, Any] | None]  # what the check itself had concluded: points, verdict, message
    request_id: Mapped[str] = mapped_column(String(ID_LENGTH), default="")  # of the form that was last accepted
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Created]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now)

    marker: Mapped[User] = relationship()


class SecondMark(Base):
    """What another marker would have given, without having seen the first mark. It changes no score."""

    __tablename__ = "second_marks"
    __table_args__ = (UniqueConstraint("mark_id", "marker_id"),)

    id: Mapped[Id]
    mark_id: Mapped[Ref] = mapped_column(ForeignKey("marks.id"))
    marker_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    points: Mapped[float]
    comment: Mapped[str] = mapped_column(default="")  # for staff
    created_at: Mapped[Created]

    mark: Mapped[Mark] = relationship()
    marker: Mapped[User] = relationship()
