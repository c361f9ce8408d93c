"""Staff see a course as one of its students does: for a while, on the record, and without changing anything."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Course, Enrolment, Role, User, Viewing
from grader.people.errors import NotViewable

LENGTH = timedelta(minutes=30)


def may_view(session: Session, *, viewer: User, course: Course) -> bool:
    """Instructors may, assistants where the course says so, administrators everywhere."""
    if viewer.admin:
        return True
    role = courses.role_of(session, user_id=viewer.id, course_id=course.id)
    return role is Role.INSTRUCTOR or (role is Role.TA and course.assistants_may_view)


def begin(session: Session, *, viewer: User, enrolment: Enrolment, now: datetime) -> Viewing:
    """The caller has asked `may_view`. Raises NotViewable."""
    student, course = enrolment.user, enrolment.course
    if enrolment.role is not Role.STUDENT:
        raise NotViewable(student.name or student.email)
    viewing = Viewing(viewer_id=viewer.id, student=student, course=course, until=now + LENGTH)
    session.add(viewing)
    told = {"course": course.slug, "student": student.email, "until": viewing.until.isoformat()}
    audit.record(session, Actor.of(viewer), "viewing.begin", "user", student.id, after=told)
    return viewing


def running(session: Session, *, viewing_id: str, viewer: User, now: datetime) -> Viewing | None:
    """None when it has ended, or when either of the two is no longer what it needs."""
    found = _of_viewer(session, viewing_id, viewer)
    if found is None or found.ended_at is not None or found.until <= now:
        return None
    role = courses.role_of(session, user_id=found.student_id, course_id=found.course_id)
    return found if role is Role.STUDENT and may_view(session, viewer=viewer, course=found.course) else None


def end(session: Session, *, viewing_id: str, viewer: User, why: str, now: datetime) -> Viewing | None:
    """What was looked at. Ends, and is put on record, once, however many requests see that it is over."""
    found = _of_viewer(session, viewing_id, viewer)
    if found is None:
        return None
    ended_at = min(now, found.until)
    query = update(Viewing).where(Viewing.id == found.id, Viewing.ended_at.is_(None))
    mine = session.execute(query.values(ended_at=ended_at).returning(Viewing.id)).all()
    if mine:
        told = {"course": found.course.slug, "student": found.student.email, "why": why, "at": ended_at.isoformat()}
        audit.record(session, Actor.of(viewer), "viewing.end", "user", found.student_id, after=told)
    return found


def let_assistants(session: Session, *, course: Course, allowed: bool, by: Actor) -> None:
    course = session.get_one(Course, course.id)
    if course.assistants_may_view is allowed:
        return
    course.assistants_may_view = allowed
    before, after = ({"assistants_may_view": value} for value in (not allowed, allowed))
    audit.record(session, by, "course.viewing", "course", course.id, before=before, after=after)


def _of_viewer(session: Session, viewing_id: str, viewer: User) -> Viewing | None:
    query = select(Viewing).where(Viewing.id == viewing_id, Viewing.viewer_id == viewer.id)
    return session.scalar(query.options(joinedload(Viewing.student), joinedload(Viewing.course)))
