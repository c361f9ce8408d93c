from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import ID_LENGTH, Base
from grader.db.types import enum_column
from worker.contract import Verdict


class CheckResultRow(Base):
    """What one check of one run concluded (named so beside `contract.CheckResult`, the message)."""

    __tablename__ = "check_results"

    run_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("runs.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str]
    title: Mapped[str]
    points: Mapped[float]
    max_points: Mapped[float]
    verdict: Mapped[Verdict] = mapped_column(enum_column(Verdict))
    message: Mapped[str]
    diagnosis: Mapped[str | None]
    staff_message: Mapped[str]  # never shown to students
    measure: Mapped[float | None]  # what a leaderboard ranks by, of withheld examples; not shown as it is
