from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import DIGEST_LENGTH, Base, Created


class Blob(Base):
    """A file in the blob store. The store is written first, so every row here has its file."""

    __tablename__ = "blobs"

    digest: Mapped[str] = mapped_column(String(DIGEST_LENGTH), primary_key=True)  # sha256, hex
    size_bytes: Mapped[int]
    created_at: Mapped[Created]
