"""Invitations: an instructor makes a one-time link for an address, and gives it to its person."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from grader.accounts import queries as account_queries
from grader.accounts import service as accounts
from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.courses import service as enrolling
from grader.db.base import new_id
from grader.db.models import (
    ApiToken,
    Course,
    CourseInvitation,
    Enrolment,
    LtiUserLink,
    OidcIdentity,
    Role,
    Submission,
    User,
)
from grader.people import service as people
from grader.people.errors import AlreadyInCourse, InvitationOver, OtherAccount
from grader.text import one_line

LIFETIME = timedelta(days=14)


@dataclass(frozen=True)
class Invited:
    """`token` exists only here: the database keeps its hash."""

    invitation: CourseInvitation
    token: str


def invite(
    session: Session, *, course: Course, email: str, role: Role, section: str, by: User, now: datetime
) -> Invited:
    """A link for a fortnight; one that was open for the same address ends. Raises InvalidEmail, AlreadyInCourse."""
    address = accounts.normal_address(email)
    user = account_queries.user_by_email(session, address)
    inside = user is not None and courses.role_of(session, user_id=user.id, course_id=course.id) is not None
    if user is not None and inside and not _never_signed_in(session, user, course):
        raise AlreadyInCourse(address)
    for earlier in open_ones(session, course.id, now):
        if earlier.email == address:
            earlier.ended_at = now
    token = secrets.token_urlsafe(32)
    made = CourseInvitation(
        id=new_id(), course_id=course.id, email=address, role=role, section=one_line(section)[:100],
        token_hash=_hash(token), invited_by=by.id, created_at=now, expires_at=now + LIFETIME,
    )  # fmt: skip
    session.add(made)
    session.flush()
    after = {"email": address, "role": role.value, "section": made.section}
    audit.record(session, Actor.of(by), "invitation.made", "course", course.id, after=after)
    return Invited(made, token)


def open_ones(session: Session, course_id: str, now: datetime) -> list[CourseInvitation]:
    """Those that can still be used, the newest first."""
    query = select(CourseInvitation).where(
        CourseInvitation.course_id == course_id,
        CourseInvitation.ended_at.is_(None),
        CourseInvitation.expires_at > now,
    )
    return list(session.scalars(query.order_by(CourseInvitation.created_at.desc())))


def take_back(session: Session, *, invitation: CourseInvitation, by: Actor, now: datetime) -> None:
    if invitation.ended_at is None:
        invitation.ended_at = now
        before = {"email": invitation.email}
        audit.record(session, by, "invitation.taken-back", "course", invitation.course_id, before=before)


def find(session: Session, token: str, now: datetime, *, lock: bool = False) -> CourseInvitation:
    """Lock it to use it: it is used once. Raises InvitationOver."""
    query = select(CourseInvitation).where(CourseInvitation.token_hash == _hash(token))
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None or found.ended_at is not None or found.expires_at <= now:
        raise InvitationOver
    return found


def needs_sign_in(session: Session, invitation: CourseInvitation) -> bool:
    """Whether the address has an account in use: then only a sign-in shows that this is the same person."""
    user = account_queries.user_by_email(session, invitation.email)
    return user is not None and not _never_signed_in(session, user, invitation.course)


def join(session: Session, *, token: str, user: User, now: datetime) -> Course:
    """The person who is signed in comes into the course. Raises InvitationOver, OtherAccount."""
    invitation = find(session, token, now, lock=True)
    if user.email != invitation.email:
        raise OtherAccount(invitation.email)
    return _enrol(session, invitation, user, now)


def register(session: Session, *, token: str, name: str, password: str, now: datetime) -> User:
    """A new account with the invitation's address, or the one that a roster made and nobody has used.

    Raises InvitationOver, OtherAccount where the account is in use, WeakPassword.
    """
    invitation = find(session, token, now, lock=True)
    if needs_sign_in(session, invitation):
        raise OtherAccount(invitation.email)
    user = account_queries.user_by_email(session, invitation.email)
    if user is None:
        user = accounts.create_user(session, email=invitation.email, name=name, password=password)
    else:
        user.name = one_line(name) or user.name
        accounts.set_password(session, user=user, password=password, by=Actor.of(user))
    _enrol(session, invitation, user, now)
    return user


def _enrol(session: Session, invitation: CourseInvitation, user: User, now: datetime) -> Course:
    course, by = invitation.course, Actor.of(user)
    enrolment = courses.enrolment_of(session, user_id=user.id, course_id=course.id)
    role = invitation.role if enrolment is None else max(enrolment.role, invitation.role, key=list(Role).index)
    enrolment = enrolling.enrol(session, user=user, course=course, role=role, by=by)
    people.put_into_section(session, enrolment, invitation.section or enrolment.section, by)
    invitation.used_by, invitation.ended_at = user.id, now
    session.flush()
    return course


def _never_signed_in(session: Session, user: User, course: Course) -> bool:
    """An account that a roster of this course made: no way to sign in, nothing handed in, and nothing elsewhere."""
    if courses.enrolment_of(session, user_id=user.id, course_id=course.id) is None:
        return False  # whoever made it, no roster of this course did
    used = (
        exists().where(ApiToken.user_id == user.id),
        exists().where(Submission.student_id == user.id),
        exists().where(OidcIdentity.user_id == user.id),
        exists().where(LtiUserLink.user_id == user.id),
        exists().where(Enrolment.user_id == user.id, Enrolment.course_id != course.id),
    )
    if user.password_hash is not None or user.admin or not user.active:
        return False
    return not any(session.scalar(select(one)) for one in used)


def _hash(token: str) -> str:
    # A plain hash is enough: the token has 256 random bits, so there is nothing to guess.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
