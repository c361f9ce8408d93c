from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import DIGEST_LENGTH, Base, Created


class Blob(Base):
    """A file in the blob store. The store is written first, so every row has its file until it is removed on purpose:
    `removed_at` says that nobody is to have it any more, `purged_at` that the store has let it go.
    """

    __tablename__ = "blobs"

    digest: Mapped[str] = mapped_column(String(DIGEST_LENGTH), primary_key=True)  # sha256, hex
    size_bytes: Mapped[int]
    created_at: Mapped[Created]
    removed_at: Mapped[datetime | None] = mapped_column(index=True)
    purged_at: Mapped[datetime | None]
