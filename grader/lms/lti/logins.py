"""The first half of a launch: a platform says that somebody comes, and we send the browser to it to prove who."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from grader.db.base import new_id
from grader.db.models import LtiLaunch, LtiRegistration
from grader.lms.lti import queries
from grader.lms.lti.addresses import Own
from grader.lms.lti.errors import LaunchRefused

LIFETIME = timedelta(minutes=10)  # from the login to the launch
KEPT = timedelta(days=1)
MOST_HINT = 4000


@dataclass(frozen=True)
class LoginRequest:
    """What a platform sends along, as it came."""

    issuer: str
    login_hint: str
    target_url: str
    client_id: str = ""
    message_hint: str = ""


@dataclass(frozen=True)
class Login:
    registration: LtiRegistration
    state: str
    browser: str  # only the browser that began holds it: in a cookie, or in the platform's storage
    url: str  # where the browser goes on


def begin(session: Session, asked: LoginRequest, own: Own, now: datetime) -> Login:
    """Raises LaunchRefused."""
    registration = _registration(session, asked)
    if not asked.login_hint or len(asked.login_hint) > MOST_HINT or len(asked.message_hint) > MOST_HINT:
        raise LaunchRefused("malformed", "The platform does not say whom it sends (login_hint), or says too much.")
    if not own.is_ours(asked.target_url) or len(asked.target_url) > MOST_HINT:
        raise LaunchRefused("target", "The link does not lead to this service (target_link_uri). Set it up anew.")
    queries.forget_launches(session, now - KEPT)
    state, nonce, browser = (secrets.token_urlsafe(24) for _ in range(3))
    session.add(
        LtiLaunch(
            id=new_id(), registration_id=registration.id, state_hash=digest(state), nonce_hash=digest(nonce),
            browser_hash=digest(browser), target_url=asked.target_url, created_at=now, expires_at=now + LIFETIME,
        )
    )  # fmt: skip
    return Login(registration, state, browser, _auth_url(registration, asked, own, state, nonce))


def find(session: Session, state: str, now: datetime) -> LtiLaunch:
    """The login that `state` belongs to, not used yet. Raises LaunchRefused."""
    found = queries.launch_of_state(session, digest(state)) if state else None
    if found is None or found.registration.disabled_at is not None:
        raise LaunchRefused("unknown-state", "This launch was not begun here. Open the link in your course once more.")
    if found.used_at is not None:
        raise LaunchRefused("replayed", "This launch was used already. Open the link in your course once more.")
    if found.expires_at <= now:
        raise LaunchRefused("expired", "This launch took too long. Open the link in your course once more.")
    return found


def same_browser(launch: LtiLaunch, browser: str) -> bool:
    return hmac.compare_digest(launch.browser_hash, digest(browser))


def nonce_check(launch: LtiLaunch) -> Callable[[str], bool]:
    return lambda nonce: hmac.compare_digest(launch.nonce_hash, digest(nonce))


def digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def _registration(session: Session, asked: LoginRequest) -> LtiRegistration:
    can_be = bool(asked.issuer) and (asked.issuer + asked.client_id).isprintable()  # PostgreSQL knows no NUL
    found = queries.registrations_of(session, asked.issuer, asked.client_id) if can_be else []
    if len(found) > 1:
        text = "Several tools of this platform are registered here, and it does not say which one it means (client_id)."
        raise LaunchRefused("ambiguous", text)
    if not found:
        text = "This platform is not registered here, or was switched off. Tell whoever runs the course platform."
        raise LaunchRefused("unknown-platform", text)
    return found[0]


def _auth_url(registration: LtiRegistration, asked: LoginRequest, own: Own, state: str, nonce: str) -> str:
    query = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": registration.client_id,
        "redirect_uri": own.launch,
        "login_hint": asked.login_hint,
        "state": state,
        "nonce": nonce,
    }
    if asked.message_hint:
        query["lti_message_hint"] = asked.message_hint
    joint = "&" if "?" in registration.auth_url else "?"
    return f"{registration.auth_url}{joint}{urlencode(query)}"
