"""Entries about what others can send without end: a worker gone mad must not fill the audit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import AuditEntry

MOST = 50  # of one action, about what cannot be told apart
WITHIN = timedelta(days=1)
UNKNOWN = "unknown"


def record_unknown(
    session: Session, actor: Actor, action: str, object_type: str, after: dict[str, Any], now: datetime
) -> None:
    """Note something about an object that there is not, at most `MOST` times in a day; the log has the rest.

    All of them stand under one id, because the one that was sent can be anything, and a new one each time.
    """
    same = (
        select(AuditEntry.id)
        .where(
            AuditEntry.object_type == object_type,
            AuditEntry.object_id == UNKNOWN,
            AuditEntry.action == action,
            AuditEntry.at > now - WITHIN,
        )
        .limit(MOST)
    )
    if (session.scalar(select(func.count()).select_from(same.subquery())) or 0) < MOST:
        audit.record(session, actor, action, object_type, UNKNOWN, after=after)
