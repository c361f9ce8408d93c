"""Who a platform's people are here: found by (registration, sub) alone, never by an address or a name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.courses import service as enrolling
from grader.db.base import new_id
from grader.db.models import Course, Enrolment, LtiUserLink, Role, User
from grader.lms.lti.errors import NotLinkable

# An address that can never exist (RFC 2606): people of a platform sign in through it, not with an address.
ADDRESS = "lti-{}@lti.invalid"


def new_account(
    session: Session, *, registration_id: str, sub: str, name: str, email: str, by: Actor, now: datetime
) -> LtiUserLink:
    """An account of its own for somebody whom no account here was ever connected with."""
    user_id = new_id()
    address = ADDRESS.format(user_id)
    user = User(id=user_id, email=address, name=name or "Unnamed person", password_hash=None, created_at=now)
    session.add(user)
    session.flush()
    audit.record(session, by, "user.created", "user", user.id, after={"email": address})
    return connect(session, user, registration_id=registration_id, sub=sub, email=email, by=by, now=now)


def connect(
    session: Session, user: User, *, registration_id: str, sub: str, email: str, by: Actor, now: datetime
) -> LtiUserLink:
    """From now on the platform lets this person in as `user`. Raises NotLinkable."""
    if user.admin:
        # Whoever runs the platform could sign in as this person.
        raise NotLinkable("An administrator of the service signs in here, with a password; use another account.")
    link = LtiUserLink(
        id=new_id(), registration_id=registration_id, sub=sub, user_id=user.id, email=email, created_at=now
    )
    session.add(link)
    session.flush()
    link.user = user
    after = {"registration": registration_id, "sub": sub}
    audit.record(session, by, "lti.user-connected", "user", user.id, after=after)
    return link


def note(link: LtiUserLink, *, name: str, email: str) -> None:
    """Keep what the platform says of an account that it made; other accounts keep their own name."""
    if email:
        link.email = email
    if name and link.user.email == ADDRESS.format(link.user_id):
        link.user.name = name


def enrol(session: Session, *, user: User, course: Course, role: Role, by: Actor) -> Enrolment:
    """A launch or a roster never lowers what somebody is here: an instructor may look at the course as a student."""
    found = courses.enrolment_of(session, user_id=user.id, course_id=course.id)
    highest = role if found is None else max(found.role, role, key=list(Role).index)
    return enrolling.enrol(session, user=user, course=course, role=highest, by=by)
