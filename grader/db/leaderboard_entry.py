from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import Base, Created, Id, Ref
from grader.db.user import User

NICKNAME_LENGTH = 24


class LeaderboardEntry(Base):
    """A student who wants to be on an assignment's leaderboard, under a name of their choice.

    After staff took the name away (`barred`) the row stays, so that the name cannot simply be taken again.
    """

    __tablename__ = "leaderboard_entries"
    __table_args__ = (UniqueConstraint("assignment_id", "student_id"), UniqueConstraint("assignment_id", "folded"))

    id: Mapped[Id]
    assignment_id: Mapped[Ref] = mapped_column(ForeignKey("assignments.id"))
    student_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"))
    nickname: Mapped[str] = mapped_column(String(NICKNAME_LENGTH))
    folded: Mapped[str] = mapped_column(String(4 * NICKNAME_LENGTH))  # what makes two names the same
    barred: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Created]

    student: Mapped[User] = relationship()
