"""What is done once it is known who somebody is, whichever way they signed in."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import session, url_for
from flask_login import login_user

from grader.db.models import User
from grader.web.identity import SessionUser

BY_PROVIDER = "by_provider"  # in the session: this person may be signed in at the provider too


def sign_in_as(user: User, *, by_provider: bool = False) -> None:
    session.clear()  # nothing of the visitor before the sign-in stays in the cookie
    login_user(SessionUser(user))
    if by_provider:
        session[BY_PROVIDER] = True


def safe_target(target: str | None) -> str:
    """`target` if it is a page of this service, else the home page; never another site."""
    home = url_for("student.home")
    if not target or "\\" in target or any(ord(c) < 32 for c in target):
        return home
    parts = urlsplit(target)
    local = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith("//")
    return target if local else home
