from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from grader.db.base import Base

NODE_LENGTH = 200


class WorkerNode(Base):
    """A worker process as it last told of itself, and whether it is to take no more jobs."""

    __tablename__ = "worker_nodes"

    node: Mapped[str] = mapped_column(String(NODE_LENGTH), primary_key=True)  # Celery's name, "cpu-123@host"
    name: Mapped[str]  # as runs name it
    version: Mapped[str]
    queues: Mapped[list[str]]  # those that it was started for
    taking: Mapped[list[str]]  # those that it takes jobs from now
    slots: Mapped[int]
    runs: Mapped[list[str]]  # ids of those that it is at
    devices: Mapped[list[dict[str, Any]]]  # contract.DeviceState each
    started_at: Mapped[datetime]
    heard_at: Mapped[datetime] = mapped_column(index=True)
    drained_at: Mapped[datetime | None]  # since when it is to take no more
    drained_by: Mapped[str] = mapped_column(default="")
    drain_reason: Mapped[str] = mapped_column(default="")
