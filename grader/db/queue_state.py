from __future__ import annotations

from sqlalchemy import Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import ID_LENGTH, Base
from grader.db.types import enum_column
from worker.contract import Queue


class QueueState(Base):
    """One row a queue. Whoever hands out jobs holds its lock: one at a time picks, and a crash frees it."""

    __tablename__ = "queue_states"

    queue: Mapped[Queue] = mapped_column(enum_column(Queue), primary_key=True)
    picks: Mapped[int] = mapped_column(default=0)
    clock: Mapped[float] = mapped_column(Float, default=0.0)


class QueueShare(Base):
    """What a course, or a student in it, was given of a queue; see `grader.queueing.rule.Shares`.

    `owner`: "" for the seconds of the course, "*" for the round of the course, else the student's id, for turns.
    """

    __tablename__ = "queue_shares"

    queue: Mapped[Queue] = mapped_column(enum_column(Queue), primary_key=True)
    course_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("courses.id"), primary_key=True)
    owner: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    given: Mapped[float] = mapped_column(Float)
