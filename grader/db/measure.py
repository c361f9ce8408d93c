from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import Base

COUNT = ""  # `bucket` of a plain counter


class Measure(Base):
    """One number that only grows, added up over all processes of the service: a counter, or a part of a histogram."""

    __tablename__ = "measures"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    labels: Mapped[str] = mapped_column(String(240), primary_key=True)  # values in the family's order, tab between
    bucket: Mapped[str] = mapped_column(String(16), primary_key=True)  # COUNT, "sum", or a bucket's upper bound
    value: Mapped[float]
