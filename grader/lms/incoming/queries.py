from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.db.models import Course, IncomingMessage, IncomingSender


def senders(session: Session, course_id: str) -> list[IncomingSender]:
    query = select(IncomingSender).where(IncomingSender.course_id == course_id, IncomingSender.removed_at.is_(None))
    return list(session.scalars(query.order_by(IncomingSender.id)))


def sender(session: Session, sender_id: str, course_id: str, *, lock: bool = False) -> IncomingSender | None:
    query = select(IncomingSender).where(
        IncomingSender.id == sender_id, IncomingSender.course_id == course_id, IncomingSender.removed_at.is_(None)
    )
    return session.scalar(query.with_for_update() if lock else query)


def sender_with_course(session: Session, sender_id: str) -> tuple[IncomingSender, Course] | None:
    query = select(IncomingSender, Course).join(Course, Course.id == IncomingSender.course_id)
    row = session.execute(query.where(IncomingSender.id == sender_id, IncomingSender.removed_at.is_(None))).first()
    return None if row is None else (row[0], row[1])


def carried_out(session: Session, sender_id: str, message_id: str, *, lock: bool = False) -> IncomingMessage | None:
    """The message of this id that was carried out, if it was."""
    query = select(IncomingMessage).where(IncomingMessage.sender_id == sender_id, IncomingMessage.claim == message_id)
    return session.scalar(query.with_for_update() if lock else query)


def messages(
    session: Session, sender_id: str, *, refused_only: bool = False, limit: int, offset: int = 0
) -> list[IncomingMessage]:
    """Newest first."""
    query = select(IncomingMessage).where(IncomingMessage.sender_id == sender_id)
    if refused_only:
        query = query.where(IncomingMessage.claim.is_(None))
    return list(session.scalars(query.order_by(IncomingMessage.id.desc()).limit(limit).offset(offset)))


def counts(session: Session, course_id: str) -> dict[str, tuple[int, int]]:
    """Of each sender's messages, by its id: carried out, refused."""
    done = func.count(IncomingMessage.claim)
    query = (
        select(IncomingMessage.sender_id, done, func.count() - done)
        .join(IncomingSender, IncomingSender.id == IncomingMessage.sender_id)
        .where(IncomingSender.course_id == course_id)
        .group_by(IncomingMessage.sender_id)
    )
    return {sender_id: (taken, refused) for sender_id, taken, refused in session.execute(query)}
