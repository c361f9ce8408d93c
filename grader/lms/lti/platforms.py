"""What administrators do with platforms: add by hand, admit deployments, change, switch off and on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.base import new_id
from grader.db.errors import unique_or
from grader.db.lti import NAME_LENGTH
from grader.db.models import LtiDeployment, LtiRegistration
from grader.lms.http import addresses as checked_addresses
from grader.lms.http.addresses import Resolve, Rules
from grader.lms.http.errors import Refused
from grader.lms.lti import addresses, queries
from grader.lms.lti.errors import InvalidPlatform, PlatformExists

MOST_NAME = 200
MOST_ORIGINS = 10
_LOOK_UP_S = 5.0
SERVER_URLS = {"token_url": "token address", "jwks_url": "address of the keys"}  # these we reach ourselves
BROWSER_URLS = {"auth_url": "login address"}


@dataclass(frozen=True)
class Description:
    """A platform, as somebody typed it or as it described itself."""

    name: str
    issuer: str
    client_id: str
    auth_url: str
    token_url: str
    jwks_url: str
    token_audience: str = ""
    family: str = ""
    frame_origins: tuple[str, ...] = ()


def check(description: Description, rules: Rules, resolve: Resolve | None = None) -> None:
    """Raises InvalidPlatform for what cannot be a platform. Slow: asks the name server; call it without a session."""
    if not description.name.strip() or len(description.name) > MOST_NAME:
        raise InvalidPlatform(f"Give the platform a name of at most {MOST_NAME} characters.")
    _check_names(description)
    for key, what in (BROWSER_URLS | SERVER_URLS).items():
        addresses.checked(getattr(description, key), what)
    for key, what in SERVER_URLS.items():
        reachable(getattr(description, key), what, rules, resolve)
    if len(description.frame_origins) > MOST_ORIGINS:
        raise InvalidPlatform(f"At most {MOST_ORIGINS} addresses may show our pages.")
    for url in description.frame_origins:
        addresses.origin(url)


def reachable(url: str, what: str, rules: Rules, resolve: Resolve | None = None) -> None:
    """Raises InvalidPlatform for an address that no request would be sent to. Slow."""
    try:
        checked_addresses.choose(checked_addresses.parse(url), rules, _LOOK_UP_S, resolve)
    except Refused as refused:
        raise InvalidPlatform(f"The {what} cannot be used. {refused}") from None


def add(
    session: Session, description: Description, *, deployments: Sequence[str], by: Actor, now: datetime
) -> LtiRegistration:
    """`check` it first. Raises PlatformExists, InvalidPlatform."""
    _check_names(description)  # once more: a platform that registers itself says its client id after the check
    if queries.registration_named(session, description.issuer, description.client_id) is not None:
        raise PlatformExists(description.issuer, description.client_id)
    values = asdict(description) | {"name": description.name.strip(), "frame_origins": _origins(description)}
    row = LtiRegistration(id=new_id(), created_at=now, **values)
    with unique_or(session, PlatformExists(description.issuer, description.client_id)):
        session.add(row)
    after = {"issuer": row.issuer, "client_id": row.client_id, "name": row.name}
    audit.record(session, by, "lti.platform-added", "lti_registration", row.id, after=after)
    for deployment_id in deployments:
        admit(session, row, deployment_id, by=by)
    return row


def change(session: Session, row: LtiRegistration, description: Description, *, by: Actor) -> None:
    """Everything but issuer and client id: those are what the platform is. `check` it first."""
    keys = ("name", "auth_url", "token_url", "jwks_url", "token_audience")
    before = {key: getattr(row, key) for key in keys} | {"frame_origins": row.frame_origins}
    if row.jwks_url != description.jwks_url:
        row.jwks, row.jwks_fetched_at = None, None
    for key in keys:
        setattr(row, key, getattr(description, key).strip())
    row.frame_origins = _origins(description)
    after = {key: getattr(row, key) for key in before}
    audit.record(session, by, "lti.platform-changed", "lti_registration", row.id, before, after)


def admit(session: Session, row: LtiRegistration, deployment_id: str, *, by: Actor) -> LtiDeployment:
    """Let launches from a deployment in. Raises InvalidPlatform."""
    deployment_id = deployment_id.strip()
    if not deployment_id or len(deployment_id) > NAME_LENGTH or not deployment_id.isprintable():
        raise InvalidPlatform(f"Give the deployment id as the platform shows it (at most {NAME_LENGTH} characters).")
    found = queries.deployment(session, row.id, deployment_id)
    if found is not None:
        return found
    made = LtiDeployment(registration_id=row.id, deployment_id=deployment_id)
    session.add(made)
    session.flush()
    after = {"deployment_id": deployment_id}
    audit.record(session, by, "lti.deployment-admitted", "lti_registration", row.id, after=after)
    return made


def switch(session: Session, row: LtiRegistration, *, on: bool, by: Actor, now: datetime) -> None:
    """Off: no login, no launch, no call to the platform. Nothing is forgotten."""
    if on == (row.disabled_at is None):
        return
    row.disabled_at = None if on else now
    audit.record(session, by, f"lti.platform-{'enabled' if on else 'disabled'}", "lti_registration", row.id)


def _check_names(description: Description) -> None:
    for key, what in (("issuer", "issuer (platform id)"), ("client_id", "client id")):
        value = getattr(description, key)
        if not value or len(value) > NAME_LENGTH or not value.isprintable():
            raise InvalidPlatform(
                f"The {what} is missing, is longer than {NAME_LENGTH} characters, or has invisible ones."
            )
    if not description.token_audience.isprintable():
        raise InvalidPlatform("The audience of access tokens has invisible characters.")


def _origins(description: Description) -> list[str]:
    """Where browsers may show our pages in a frame: what was given, else where the platform's pages are."""
    if description.frame_origins:
        return list(dict.fromkeys(addresses.origin(url) for url in description.frame_origins))
    found = [addresses.origin(description.auth_url)]
    with suppress(InvalidPlatform):  # an issuer need not be an address
        found.append(addresses.origin(description.issuer))
    return list(dict.fromkeys(found))
