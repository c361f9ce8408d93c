"""Dynamic registration: an administrator makes a one-time address, the platform opens it and describes itself."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.db.base import new_id
from grader.db.models import LtiInvitation, LtiRegistration
from grader.lms.http.client import Client, Reply
from grader.lms.lti import addresses, names, platforms, queries
from grader.lms.lti.addresses import Own
from grader.lms.lti.errors import InvalidPlatform, InvitationEnded
from grader.lms.lti.platforms import Description

LIFETIME = timedelta(hours=24)
TOOL_NAME = "Grader"
MOST_TOKEN = 8192


@dataclass(frozen=True)
class Offer:
    """What a platform says of itself at its `openid_configuration`."""

    issuer: str
    auth_url: str
    token_url: str
    jwks_url: str
    registration_url: str
    token_audience: str
    family: str
    config_origin: str


@dataclass(frozen=True)
class Agreed:
    """What the platform answered to our registration."""

    client_id: str
    deployment_id: str  # "": it says so elsewhere


def invite(session: Session, *, name: str, by: Actor, now: datetime) -> str:
    """A token for one registration within a day; shown once. Raises InvalidPlatform."""
    name = name.strip()
    if not name or len(name) > platforms.MOST_NAME:
        raise InvalidPlatform(f"Give the platform a name of at most {platforms.MOST_NAME} characters.")
    token = secrets.token_urlsafe(24)
    row = LtiInvitation(id=new_id(), token_hash=_hash(token), name=name, created_at=now, expires_at=now + LIFETIME)
    session.add(row)
    audit.record(session, by, "lti.invited", "lti_invitation", row.id, after={"name": name})
    return token


def find(session: Session, token: str, now: datetime) -> LtiInvitation:
    """Raises InvitationEnded."""
    row = queries.invitation(session, _hash(token))
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise InvitationEnded
    return row


def look(client: Client, config_url: str) -> Offer:
    """Read a platform's configuration. Slow: call it without a session. Raises InvalidPlatform."""
    config_origin = addresses.origin(config_url)
    found = _json(client.request("GET", config_url, {"Accept": "application/json"}), "configuration")
    offer = Offer(
        issuer=_text(found, "issuer"),
        auth_url=_text(found, "authorization_endpoint"),
        token_url=_text(found, "token_endpoint"),
        jwks_url=_text(found, "jwks_uri"),
        registration_url=_text(found, "registration_endpoint"),
        token_audience=str(found.get("authorization_server") or ""),
        family=_family(found),
        config_origin=config_origin,
    )
    issuer, config = addresses.checked(offer.issuer, "issuer").host, addresses.checked(config_url, "address").host
    if issuer != config and not config.endswith(f".{issuer}"):
        raise InvalidPlatform(
            f"The configuration lies on {config}, but speaks for {issuer}. Register this platform by hand."
        )
    return offer


def register(client: Client, offer: Offer, token: str, own: Own) -> Agreed:
    """Tell the platform who we are. Slow. Raises InvalidPlatform."""
    if len(token) > MOST_TOKEN or not token.isascii() or not token.isprintable():
        raise InvalidPlatform("The platform's registration token is malformed.")
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = json.dumps(tool(own)).encode()
    answer = _json(client.request("POST", offer.registration_url, headers, body), "answer to the registration")
    settings = answer.get(names.TOOL_CONFIGURATION)
    deployment = settings.get("deployment_id") if isinstance(settings, dict) else None
    return Agreed(_text(answer, "client_id"), str(deployment or ""))


def keep(
    session: Session, invitation: LtiInvitation, offer: Offer, agreed: Agreed, *, now: datetime
) -> LtiRegistration:
    """Raises PlatformExists, InvalidPlatform."""
    by = Actor.system("lti-registration")
    said = description(invitation.name, offer, agreed.client_id)
    deployments = [agreed.deployment_id] if agreed.deployment_id else []
    row = platforms.add(session, said, deployments=deployments, by=by, now=now)
    invitation.used_at, invitation.registration_id = now, row.id
    return row


def description(name: str, offer: Offer, client_id: str) -> Description:
    origins = dict.fromkeys((offer.config_origin, addresses.origin(offer.auth_url)))
    return Description(
        name=name, issuer=offer.issuer, client_id=client_id, auth_url=offer.auth_url, token_url=offer.token_url,
        jwks_url=offer.jwks_url, token_audience=offer.token_audience, family=offer.family,
        frame_origins=tuple(origins),
    )  # fmt: skip


def tool(own: Own) -> dict[str, Any]:
    """Our side of the registration."""
    deep = {"type": names.DEEP_LINKING_REQUEST, "target_link_uri": own.launch, "label": "Choose an assignment"}
    return {
        "application_type": "web",
        "client_name": TOOL_NAME,
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": own.login,
        "redirect_uris": [own.launch],
        "jwks_uri": own.keys,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(names.SCOPES),
        names.TOOL_CONFIGURATION: {
            "domain": addresses.origin(own.public_url).split("://", 1)[1],
            "description": "Grades notebooks and sends the grades back.",
            "target_link_uri": own.launch,
            "claims": ["iss", "sub", "name", "given_name", "family_name", "email"],
            "messages": [deep, {"type": names.RESOURCE_LINK_REQUEST, "target_link_uri": own.launch}],
        },
    }


def _family(found: dict[str, Any]) -> str:
    settings = found.get(names.PLATFORM_CONFIGURATION)
    code = settings.get("product_family_code") if isinstance(settings, dict) else None
    return code[:40] if isinstance(code, str) and code.isprintable() else ""


def _json(reply: Reply, what: str) -> dict[str, Any]:
    if reply.status is None:
        raise InvalidPlatform(f"The platform's {what} was not reached. {reply.problem}")
    if not reply.succeeded:
        raise InvalidPlatform(f"Instead of its {what}, the platform answered with status {reply.status}.")
    if not reply.complete:
        raise InvalidPlatform(f"The platform's {what} is too long, or broke off.")
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidPlatform(f"The platform's {what} is no JSON object.")
    return found


def _text(found: dict[str, Any], key: str) -> str:
    value = found.get(key)
    if not isinstance(value, str) or not value:
        raise InvalidPlatform(f"What the platform said of itself lacks {key!r}.")
    return value


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()
