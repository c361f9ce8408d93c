"""Who is asking: a person with a session cookie (pages) or a program with a bearer token (API)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from flask import Flask, current_app, g, request
from flask_login import LoginManager, UserMixin, current_user

from grader.accounts import queries, service
from grader.db.models import ApiToken, User
from grader.time import utc_now
from grader.web.backend import backend


class SessionUser(UserMixin):  # type: ignore[misc]
    """A signed-in person. The cookie holds a fingerprint of the password hash, so that a changed password
    ends every older session."""

    def __init__(self, user: User) -> None:
        self.user = user

    def get_id(self) -> str:
        return f"{self.user.id}.{fingerprint(self.user)}"


@dataclass(frozen=True)
class Caller:
    """Who asks and what that may do; `scopes` is None for a session, which may do all its user may."""

    user: User
    scopes: frozenset[str] | None = None
    only_course: str | None = None  # the id of the course that somebody of its staff sees as `user`

    def has_scope(self, scope: str) -> bool:
        return self.scopes is None or scope in self.scopes


def fingerprint(user: User) -> str:
    key = str(current_app.secret_key).encode()
    return hmac.new(key, (user.password_hash or "").encode(), hashlib.sha256).hexdigest()[:20]


def init_app(app: Flask) -> None:
    manager = LoginManager()
    manager.session_protection = None  # phones change their address between two requests
    manager.init_app(app)
    manager.user_loader(_load)


def _load(cookie_id: str) -> SessionUser | None:
    user_id, _, mark = cookie_id.partition(".")
    with backend().reading() as session:
        user = queries.user_by_id(session, user_id)
    if user is None or not user.active or not hmac.compare_digest(mark, fingerprint(user)):
        return None
    return SessionUser(user)


def session_caller() -> Caller | None:
    """The signed-in person, or None."""
    user = getattr(current_user, "user", None)
    return Caller(user) if isinstance(user, User) else None


def token_caller() -> Caller | None:
    """The owner of the bearer token of this request, or None. Cookies count for nothing here."""
    if "token_caller" not in g:
        g.token_caller = _caller_of_token()
    caller: Caller | None = g.token_caller
    return caller


def _is_due(token: ApiToken) -> bool:
    """Whether the time of the token's use is to be noted again; see user_for_token."""
    return token.last_used_at is None or token.last_used_at < utc_now() - service.TOUCH_EVERY


def _caller_of_token() -> Caller | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        return None
    with backend().reading() as session:
        found = service.user_for_token(session, secret=secret.strip())
    if found is not None and _is_due(found.token):
        # Only now, and not with every request: a writing session waits for all other writers.
        with backend().writing() as session:
            found = service.user_for_token(session, secret=secret.strip())
    return None if found is None else Caller(found.user, frozenset(found.scopes))
