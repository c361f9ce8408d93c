"""Who comes first with a key does the work; the others get that answer.

The claim is committed before the work begins, and the answer after it. So a process that dies in between leaves a
claim without an answer: then nobody may do the work again, because it may have been done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from grader.db.errors import unique_or
from grader.db.models import IdempotentAnswer
from grader.idempotency.errors import KeyBusy, KeyReused, KeyUnsettled

KEPT = timedelta(hours=24)
LONGEST = timedelta(minutes=5)  # a request that takes longer was cut off


@dataclass(frozen=True)
class Mine:
    """This request is the first; `settle` or `forget` must follow."""

    claim_id: str


@dataclass(frozen=True)
class Answered:
    status: int
    answer: str


def claim(session: Session, *, user_id: str, key: str, request: str, now: datetime) -> Mine | Answered:
    """`request` is the digest of what is asked. Raises KeyReused, KeyBusy, KeyUnsettled."""
    session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.created_at < now - KEPT))
    found = session.scalar(
        select(IdempotentAnswer).where(IdempotentAnswer.user_id == user_id, IdempotentAnswer.key == key)
    )
    if found is None:
        row = IdempotentAnswer(user_id=user_id, key=key, request=request, created_at=now)
        with unique_or(session, KeyBusy()):
            session.add(row)
        return Mine(row.id)
    if found.request != request:
        raise KeyReused
    if found.status is not None:
        return Answered(found.status, found.answer)
    raise KeyBusy if now - found.created_at < LONGEST else KeyUnsettled


def settle(session: Session, claim_id: str, *, status: int, answer: str) -> None:
    session.execute(
        update(IdempotentAnswer).where(IdempotentAnswer.id == claim_id).values(status=status, answer=answer)
    )


def forget(session: Session, claim_id: str) -> None:
    """Nothing was done: the key is free again."""
    session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.id == claim_id))
