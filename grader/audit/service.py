from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from grader.db.models import AuditEntry, User


@dataclass(frozen=True)
class Actor:
    """Who does something: a person, or a part of the service."""

    id: str | None
    name: str

    @classmethod
    def of(cls, user: User) -> Actor:
        return cls(user.id, f"user:{user.email}")

    @classmethod
    def system(cls, name: str) -> Actor:
        return cls(None, name)


def record(
    session: Session,
    actor: Actor,
    action: str,
    object_type: str,
    object_id: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add an entry to the transaction: it exists exactly if what it tells of was committed."""
    entry = AuditEntry(
        actor_id=actor.id,
        actor=actor.name,
        action=action,
        object_type=object_type,
        object_id=object_id,
        before=before,
        after=after,
    )
    session.add(entry)
    return entry
