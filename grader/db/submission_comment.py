from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import Base, Created, Id, Ref
from grader.db.enrolment import Role
from grader.db.types import enum_column
from grader.db.user import User


class SubmissionComment(Base):
    """What a member of the teaching staff says of a submission, or of one of its checks, to those who handed it in.

    The audit keeps every earlier text of it.
    """

    __tablename__ = "submission_comments"

    id: Mapped[Id]
    submission_id: Mapped[Ref] = mapped_column(ForeignKey("submissions.id"), index=True)
    check_key: Mapped[str] = mapped_column(default="")  # "": the submission as a whole
    author_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"))
    author_role: Mapped[Role] = mapped_column(enum_column(Role))  # of the author in the course, at that time
    text: Mapped[str]
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Created]
    edited_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    author: Mapped[User] = relationship()
