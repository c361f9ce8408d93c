from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import Base, Created, Digest, Id, Ref


class IdempotentAnswer(Base):
    """What was answered to a request that carried a key, so that the same request sent again is not done again.

    `status` is None while the first one is being worked on, and stays so where that never came to an end.
    """

    __tablename__ = "idempotent_answers"
    __table_args__ = (UniqueConstraint("user_id", "key"), Index(None, "created_at"))

    id: Mapped[Id]
    user_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"))
    key: Mapped[str] = mapped_column(String(255))
    request: Mapped[Digest]  # of method, address and body
    status: Mapped[int | None]
    answer: Mapped[str] = mapped_column(default="")  # headers and body, sealed: answers may hold secrets
    created_at: Mapped[Created]
