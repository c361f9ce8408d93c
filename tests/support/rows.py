"""What stands in the database of a test's service."""

from __future__ import annotations

from sqlalchemy import func, select

from grader.db.models import AuditEntry, Base
from grader.wiring import Backend


def rows_in(backend: Backend, table: type[Base]) -> int:
    with backend.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def refused_launches(backend: Backend) -> list[str]:
    """The reasons in the audit log, oldest first."""
    with backend.reading() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action == "lti.refused").order_by(AuditEntry.id))
        return [(row.after or {})["reason"] for row in rows]
