"""Connecting a platform's course with a course here: an instructor of both does it, or makes the course."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.courses import service as creating
from grader.db.models import Course, LtiContext, Role, User
from grader.lms.lti import people
from grader.lms.lti.arrivals import Arrival
from grader.lms.lti.errors import NotLinkable

MOST_TITLE = 200
_LONGEST_STEM = 60


def choices(session: Session, user: User) -> list[Course]:
    """The courses that this person may connect."""
    return [e.course for e in courses.courses_of(session, user.id) if e.role is Role.INSTRUCTOR]


def link_existing(session: Session, arrival: Arrival, course_slug: str, *, user: User, now: datetime) -> Course:
    """Raises NotLinkable."""
    _require(arrival, user)
    found = [course for course in choices(session, user) if course.slug == course_slug]
    if not found:
        raise NotLinkable("Choose a course in which you are an instructor.")
    _link(session, arrival, found[0], user, now)
    return found[0]


def link_new(session: Session, arrival: Arrival, title: str, *, user: User, now: datetime) -> Course:
    """Make a course with this person as its instructor. Raises NotLinkable."""
    _require(arrival, user)
    title = " ".join(title.split())
    if not title or len(title) > MOST_TITLE:
        raise NotLinkable(f"Give the course a title of at most {MOST_TITLE} characters.")
    by = Actor.of(user)
    course = creating.create_course(session, slug=_free_slug(session, title), title=title, by=by)
    people.enrol(session, user=user, course=course, role=Role.INSTRUCTOR, by=by)
    _link(session, arrival, course, user, now)
    return course


def unlink(session: Session, context: LtiContext, *, by: Actor) -> None:
    """Launches from there lead nowhere until it is connected again. People, work and grades stay as they are."""
    before = {"course": context.course_id}
    context.course, context.linked_at = None, None
    audit.record(session, by, "lti.context-unlinked", "lti_context", context.id, before=before)


def _require(arrival: Arrival, user: User) -> None:
    if arrival.role is not Role.INSTRUCTOR or arrival.link is None or arrival.link.user_id != user.id:
        raise NotLinkable("Only an instructor of the course on the learning platform can connect it.")
    if arrival.context.course_id is not None:
        raise NotLinkable("This course is connected already. Open the link in your course once more.")


def _link(session: Session, arrival: Arrival, course: Course, user: User, now: datetime) -> None:
    context = arrival.context
    context.course, context.linked_at = course, now
    after = {"course": course.slug, "context": context.title, "registration": arrival.launch.registration_id}
    audit.record(session, Actor.of(user), "lti.context-linked", "lti_context", context.id, after=after)
    session.flush()


def _free_slug(session: Session, title: str) -> str:
    """Letters, digits and dashes made of the title; a number where that is taken."""
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:_LONGEST_STEM].strip("-") or "course"
    number, slug = 1, stem
    while courses.course_by_slug(session, slug) is not None:
        number += 1
        slug = f"{stem}-{number}"
    return slug
