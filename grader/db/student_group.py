from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.base import ID_LENGTH, Base, Created, Id, Ref
from grader.db.user import User


class StudentGroup(Base):
    """Students who hand in one assignment together."""

    __tablename__ = "student_groups"
    __table_args__ = (UniqueConstraint("assignment_id", "name"),)

    id: Mapped[Id]
    assignment_id: Mapped[Ref] = mapped_column(ForeignKey("assignments.id"))
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[Created]

    members: Mapped[list[GroupMember]] = relationship(back_populates="group")


class GroupMember(Base):
    """Who is in a group now; a student is in at most one for each assignment."""

    __tablename__ = "group_members"
    __table_args__ = (UniqueConstraint("assignment_id", "student_id"),)

    id: Mapped[Id]
    group_id: Mapped[Ref] = mapped_column(ForeignKey("student_groups.id"), index=True)
    assignment_id: Mapped[Ref] = mapped_column(ForeignKey("assignments.id"))
    student_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[Created]

    group: Mapped[StudentGroup] = relationship(back_populates="members")
    student: Mapped[User] = relationship()


class SubmissionMember(Base):
    """Another student for whom a submission counts: who was in the group when one of them handed it in.

    Whoever handed it in has no row here. The rows never change: a group that changes later takes nothing away.
    """

    __tablename__ = "submission_members"

    submission_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("submissions.id"), primary_key=True)
    student_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id"), primary_key=True, index=True)

    student: Mapped[User] = relationship()
