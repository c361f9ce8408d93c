from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.db.models import AuditEntry


def entries_for(session: Session, object_type: str, object_id: str, limit: int = 100) -> list[AuditEntry]:
    """What happened to one object, newest first."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.object_type == object_type, AuditEntry.object_id == object_id)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))
