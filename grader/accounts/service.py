from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from grader.accounts import queries
from grader.accounts.errors import (
    EmailTaken,
    InvalidEmail,
    InvalidToken,
    SignInFailed,
    TokenNotFound,
    WeakPassword,
)
from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.errors import unique_or
from grader.db.models import ApiToken, User
from grader.db.user import EMAIL_LENGTH
from grader.text import one_line
from grader.time import utc_now

LEAST_PASSWORD = 8
MOST_PASSWORD = 256  # argon2 reads all of it, so a megabyte of password would be an attack
TOKEN_PREFIX = "grd_"  # tells people, and programs that look for leaked secrets, what this is
SCOPES = ("read", "submit", "staff")
TOUCH_EVERY = timedelta(minutes=1)
_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+")

_hasher = PasswordHasher()


@dataclass(frozen=True)
class IssuedToken:
    """`secret` exists only here: the database keeps its hash."""

    token: ApiToken
    secret: str


@dataclass(frozen=True)
class TokenUser:
    user: User
    scopes: frozenset[str]
    token: ApiToken


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def create_user(
    session: Session, *, email: str, name: str, password: str | None = None, by: Actor | None = None
) -> User:
    """A new account. Raises InvalidEmail, EmailTaken, WeakPassword."""
    address = normal_address(email)
    if queries.user_by_email(session, address) is not None:
        raise EmailTaken(address)
    user = User(
        email=address,
        name=one_line(name) or address,
        password_hash=None if password is None else _hash(password),
    )
    with unique_or(session, EmailTaken(address)):
        session.add(user)
    audit.record(session, by or Actor.of(user), "user.created", "user", user.id, after={"email": address})
    return user


def normal_address(email: str) -> str:
    """As accounts have it. Raises InvalidEmail."""
    address = email.strip().lower()
    if len(address) > EMAIL_LENGTH or not _EMAIL.fullmatch(address):
        raise InvalidEmail
    return address


def authenticate(session: Session, *, email: str, password: str) -> User:
    """The active user with this address and password, else SignInFailed.

    An unknown address costs the same time as a wrong password. A reading session is enough, and better: the
    hash takes a twentieth of a second. In a writing session a hash with old parameters is renewed.
    """
    user = queries.user_by_email(session, email)
    stored = user.password_hash if user is not None else None
    try:
        _hasher.verify(stored or _nobodys_hash(), password[: MOST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        raise SignInFailed from None
    if user is None or stored is None or not user.active:
        raise SignInFailed
    if _hasher.check_needs_rehash(stored):
        user.password_hash = _hasher.hash(password)
    return user


def set_password(session: Session, *, user: User, password: str, by: Actor) -> None:
    """Raises WeakPassword."""
    user.password_hash = _hash(password)
    audit.record(session, by, "user.password-set", "user", user.id)


def end_password(session: Session, *, user: User, by: Actor) -> None:
    """Ends the password with all sessions that it opened, and the tokens that were made in them."""
    user.password_hash = None
    for token in queries.tokens_of(session, user):
        revoke_token(session, token_id=token.id, user=user, by=by)
    audit.record(session, by, "user.password-ended", "user", user.id)


def set_active(session: Session, *, user: User, active: bool, by: Actor) -> None:
    """Let a user in, or keep them out: an inactive user can neither sign in nor use tokens."""
    before, user.active = user.active, active
    audit.record(session, by, "user.active-set", "user", user.id, before={"active": before}, after={"active": active})


def set_admin(session: Session, *, user: User, admin: bool, by: Actor) -> None:
    """Make somebody an administrator of the service, or no longer one."""
    before, user.admin = user.admin, admin
    audit.record(session, by, "user.admin-set", "user", user.id, before={"admin": before}, after={"admin": admin})


def issue_token(
    session: Session,
    *,
    user: User,
    label: str,
    scopes: Sequence[str] = ("submit", "read"),
    expires_at: datetime | None = None,
    by: Actor,
) -> IssuedToken:
    """A new token for the user's programs. Raises InvalidToken for scopes that do not exist."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidToken(f"A token's scopes are among {', '.join(SCOPES)}; {', '.join(unknown) or 'none'} given.")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        user_id=user.id,
        label=" ".join(label.split())[:100] or "token",
        token_hash=_token_hash(secret),
        hint=secret[: len(TOKEN_PREFIX) + 4],
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    session.add(token)
    session.flush()
    audit.record(session, by, "token.issued", "api_token", token.id, after={"user": user.email, "scopes": token.scopes})
    return IssuedToken(token, secret)


def revoke_token(session: Session, *, token_id: str, user: User, by: Actor) -> None:
    """Ends one of the user's tokens at once. Raises TokenNotFound, also for other people's tokens."""
    token = session.get(ApiToken, token_id)
    if token is None or token.user_id != user.id:
        raise TokenNotFound
    if token.revoked_at is None:
        token.revoked_at = utc_now()
        audit.record(session, by, "token.revoked", "api_token", token.id)


def user_for_token(session: Session, *, secret: str, now: datetime | None = None) -> TokenUser | None:
    """Whose token this is, or None if it is unknown, expired, revoked or its owner inactive.

    In a writing session the time of use is noted, at most once a minute.
    """
    now = now or utc_now()
    token = queries.token_by_hash(session, _token_hash(secret))
    if token is None or token.revoked_at is not None or not token.user.active:
        return None
    if token.expires_at is not None and token.expires_at <= now:
        return None
    if token.last_used_at is None or token.last_used_at < now - TOUCH_EVERY:
        token.last_used_at = now
    return TokenUser(token.user, frozenset(token.scopes), token)


def _hash(password: str) -> str:
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise WeakPassword(LEAST_PASSWORD, MOST_PASSWORD)
    return _hasher.hash(password)


def _token_hash(secret: str) -> str:
    # A plain hash is enough: the secret has 256 random bits, so there is nothing to guess.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
