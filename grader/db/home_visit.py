from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import ID_LENGTH, Base


class HomeVisit(Base):
    """When a person last had the home page before them. Not in `users`, since it is written often."""

    __tablename__ = "home_visits"

    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id"), primary_key=True)
    looked_at: Mapped[datetime]
    news_since: Mapped[datetime | None]  # what is newer is told as changed; None: the first visit is not over
