"""Who somebody of the provider is here: known by (issuer, sub); the first time by a verified address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from grader.accounts import queries as accounts
from grader.accounts import service as creating
from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.base import new_id
from grader.db.errors import unique_or
from grader.db.models import CourseInvitation, OidcIdentity, User
from grader.oidc.errors import SingleSignOnRefused
from grader.oidc.flow import Person
from grader.oidc.settings import SingleSignOnSettings, domains_of

SYSTEM = Actor.system("oidc")
AGAIN = "Ask whoever runs this service, or sign in with a password if you have one."


@dataclass(frozen=True)
class Admission:
    """Who may come in for the first time."""

    creates: bool = False
    domains: tuple[str, ...] = ()  # of e-mail addresses; () admits all

    @classmethod
    def of(cls, settings: SingleSignOnSettings) -> Self:
        return cls(settings.oidc_accounts == "create", domains_of(settings.oidc_email_domains))

    def admits(self, email: str) -> bool:
        return not self.domains or email.rpartition("@")[2] in self.domains


def enter(session: Session, person: Person, admission: Admission, now: datetime) -> User:
    """Whose account it is; connected or created the first time. Raises SingleSignOnRefused."""
    identity = _identity(session, person) or _connect(session, person, admission, now)
    if not identity.user.active:
        raise SingleSignOnRefused("inactive", "Your account here was closed. Ask the staff of your course.")
    identity.seen_at = now
    return identity.user


def note_refusal(session: Session, issuer: str, reason: str, text: str) -> None:
    """The audit line of a refusal. It holds the reason and nothing of the message."""
    audit.record(session, SYSTEM, "oidc.refused", "oidc_issuer", issuer[:100], after={"reason": reason, "text": text})


def _identity(session: Session, person: Person) -> OidcIdentity | None:
    query = select(OidcIdentity).where(OidcIdentity.issuer == person.issuer, OidcIdentity.sub == person.sub)
    return session.scalar(query.options(joinedload(OidcIdentity.user)))


def _connect(session: Session, person: Person, admission: Admission, now: datetime) -> OidcIdentity:
    if not person.email or not person.email_verified:
        text = f"You were never here with this sign-in, and it names no e-mail address that was verified. {AGAIN}"
        raise SingleSignOnRefused("unverified-email", text)
    if not admission.admits(person.email):
        raise SingleSignOnRefused("domain", f"Addresses like {person.email} are not let in here. {AGAIN}")
    user = accounts.user_by_email(session, person.email)
    if user is None:
        if not admission.creates:
            text = f"Nobody here has the address {person.email}. The staff of your course can add you to it."
            raise SingleSignOnRefused("no-account", text)
        user = creating.create_user(session, email=person.email, name=person.name, by=SYSTEM)
    _require_connectable(session, user, person)
    identity = OidcIdentity(
        id=new_id(), issuer=person.issuer, sub=person.sub, user_id=user.id, email=person.email, created_at=now
    )
    # Two first visits at once: one of them wins, the other signs in once more.
    with unique_or(session, SingleSignOnRefused("twice", "You came in twice at once. Sign in once more.")):
        session.add(identity)
    identity.user = user
    if user.password_hash is not None and _came_by_invitation(session, user):
        creating.end_password(session, user=user, by=SYSTEM)
    after = {"issuer": person.issuer, "sub": person.sub, "email": person.email}
    audit.record(session, SYSTEM, "oidc.connected", "user", user.id, after=after)
    return identity


def _came_by_invitation(session: Session, user: User) -> bool:
    """Whoever had the link chose the password, and that may have been the person who made it."""
    return session.scalar(select(CourseInvitation.id).where(CourseInvitation.used_by == user.id).limit(1)) is not None


def _require_connectable(session: Session, user: User, person: Person) -> None:
    if user.admin:
        # Whoever can change an address at the provider would own the service.
        text = "An account that administers the service is not connected by its e-mail address. Use its password."
        raise SingleSignOnRefused("administrator", text)
    others = select(OidcIdentity.id).where(OidcIdentity.issuer == person.issuer, OidcIdentity.user_id == user.id)
    if session.scalar(others) is not None:
        # An address that was given to somebody else must not bring along the grades of who had it before.
        text = f"The account of {person.email} belongs to another sign-in of the same provider. {AGAIN}"
        raise SingleSignOnRefused("other-identity", text)
