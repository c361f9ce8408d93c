"""Since when a person is told what changed: since the visit before this one."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from grader.db.inserting import insert_or_ignore
from grader.db.models import HomeVisit

SAME_VISIT = timedelta(minutes=30)  # a page opened again within it still tells the same news
NOTE_EVERY = timedelta(minutes=1)


def told_since(visit: HomeVisit | None, now: datetime) -> datetime | None:
    """None: there was no earlier visit, so everything is new and nothing is told."""
    if visit is None:
        return None
    return visit.looked_at if now - visit.looked_at > SAME_VISIT else visit.news_since


def visit_of(session: Session, user_id: str) -> HomeVisit | None:
    return session.get(HomeVisit, user_id)


def is_to_be_noted(visit: HomeVisit | None, now: datetime) -> bool:
    return visit is None or now - visit.looked_at >= NOTE_EVERY


def note_look(session: Session, user_id: str, now: datetime) -> None:
    """The person has the home page before them at this moment. Two windows at once do no harm."""
    visit = session.get(HomeVisit, user_id, with_for_update=True)
    if visit is None:
        insert_or_ignore(session, HomeVisit, {"user_id": user_id, "looked_at": now, "news_since": None})
    elif now > visit.looked_at:
        visit.news_since, visit.looked_at = told_since(visit, now), now
