from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import Base

THE_ROW = 1


class SweeperState(Base):
    """One row. It tells since when sweeps have come without a gap, and its lock lets one sweep at a time.

    After an outage (of the broker, the database or the grader itself) every lease has run out, though the
    workers are well and only could not be heard. Leases count again once the sweeps have been steady for a
    while.
    """

    __tablename__ = "sweeper_state"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_at: Mapped[datetime]
    steady_since: Mapped[datetime]
