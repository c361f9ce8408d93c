"""Setting how a course shares the queues."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.models import Course
from grader.outbox import service as outbox
from grader.queueing.terms import QueueTerms
from worker.contract import Queue


def set_terms(session: Session, *, course_slug: str, terms: QueueTerms, by: Actor) -> QueueTerms | None:
    """They hold from the next job on. None where there is no such course; raises InvalidTerms."""
    kept = terms.checked()
    course = session.scalar(select(Course).where(Course.slug == course_slug).with_for_update())
    if course is None:
        return None
    before, after = asdict(QueueTerms.of(course.queue_terms)), asdict(kept)
    if before != after:
        course.queue_terms = after
        audit.record(session, by, "course.queue-terms", "course", course.id, before=before, after=after)
        for queue in Queue:
            outbox.wake(session, queue)
    return kept
