from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from grader.db.models import Run, WorkerNode


def all_nodes(session: Session) -> list[WorkerNode]:
    return list(session.scalars(select(WorkerNode).order_by(WorkerNode.node)))


def node(session: Session, name: str) -> WorkerNode | None:
    """Locked until the transaction ends: its worker may be telling of itself just now."""
    return session.scalar(select(WorkerNode).where(WorkerNode.node == name).with_for_update())


def submissions_of(session: Session, run_ids: Sequence[str]) -> dict[str, str]:
    """Run id -> submission id."""
    query = select(Run.id, Run.submission_id).where(Run.id.in_(run_ids))
    return {row.id: row.submission_id for row in session.execute(query)}


def forget(session: Session, before: datetime) -> None:
    """Those of which nothing was heard since then."""
    session.execute(delete(WorkerNode).where(WorkerNode.heard_at < before))
