"""Reading the id_token of a launch: what LTI says in it, and what of that is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from joserfc.jwk import RSAKey

from grader.db.lti import NAME_LENGTH
from grader.jose.id_tokens import Login, Reader, person_name, plain
from grader.lms.lti import names
from grader.lms.lti.errors import LaunchRefused

_READER = Reader(LaunchRefused, "Open the link once more.")


@dataclass(frozen=True)
class Expected(Login):
    """What a launch has to fit: the registration that the login was begun for, and that login."""

    target_url: str


@dataclass(frozen=True)
class Message:
    """A launch that passed every check but that of its deployment."""

    kind: str
    sub: str
    deployment_id: str
    roles: tuple[str, ...]
    name: str
    email: str
    context: dict[str, Any]
    resource_link: dict[str, Any]
    custom: dict[str, Any]
    memberships_url: str
    grades: dict[str, Any]
    document_target: str  # "iframe", "frame", "window" or ""
    deep_linking: dict[str, Any] = field(default_factory=dict)


def key_name(token: str) -> str:
    """The `kid` in the header of a token, of which nothing was verified yet. Raises LaunchRefused."""
    return _READER.key_name(token)


def read(token: str, key: RSAKey, expected: Expected, now: datetime) -> Message:
    """The verified message. Raises LaunchRefused."""
    return _message(_READER.claims(token, key, expected, now), expected)


def _message(claims: dict[str, Any], expected: Expected) -> Message:
    if claims.get(names.VERSION) != names.LTI_VERSION:
        _refuse("version", "The message is not of LTI 1.3.")
    kind = claims.get(names.MESSAGE_TYPE)
    if kind not in (names.RESOURCE_LINK_REQUEST, names.DEEP_LINKING_REQUEST):
        _refuse("message-type", "The message is of a kind that this service does not know.")
    if claims.get(names.TARGET_LINK_URI) != expected.target_url:
        _refuse("target", "The message leads elsewhere than the login that was begun here.")
    roles = claims.get(names.ROLES)
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        _refuse("malformed", "The message does not say what you are in the course.")
    message = Message(
        kind=kind,
        sub=_named(claims, "sub", "who you are (it was opened anonymously)"),
        deployment_id=_named(claims, names.DEPLOYMENT_ID, "the deployment"),
        roles=tuple(roles[:100]),
        name=person_name(claims),
        email=plain(claims.get("email"), NAME_LENGTH),
        context=_object(claims, names.CONTEXT),
        resource_link=_object(claims, names.RESOURCE_LINK),
        custom=_object(claims, names.CUSTOM),
        memberships_url=plain(_object(claims, names.NAMES_AND_ROLES).get("context_memberships_url"), 2000),
        grades=_object(claims, names.GRADES_ENDPOINT),
        document_target=plain(_object(claims, names.PRESENTATION).get("document_target"), 40),
        deep_linking=_object(claims, names.DEEP_LINKING_SETTINGS),
    )
    _named(message.context, "id", "the course that it was opened in")
    if kind == names.RESOURCE_LINK_REQUEST:
        _named(message.resource_link, "id", "the link that was opened")
    elif not isinstance(message.deep_linking.get("deep_link_return_url"), str):
        _refuse("malformed", "The message does not say where the choice is to be sent.")
    elif not _takes_links(message.deep_linking.get("accept_types")):
        _refuse("accept-types", "The platform asks for something else than a link, and there is nothing else here.")
    return message


def _takes_links(accepted: Any) -> bool:
    """Some platforms leave out what they have to say; then we try."""
    return not isinstance(accepted, list) or names.RESOURCE_LINK_TYPE in accepted


def _named(found: dict[str, Any], key: str, what: str) -> str:
    value = found.get(key)
    # Without what no name has: PostgreSQL keeps no NUL.
    if not isinstance(value, str) or not 0 < len(value) <= NAME_LENGTH or not value.isprintable():
        _refuse("malformed", f"The message does not name {what}.")
    return value


def _object(claims: dict[str, Any], key: str) -> dict[str, Any]:
    value = claims.get(key)
    return value if isinstance(value, dict) else {}


def _refuse(detail_code: str, text: str) -> NoReturn:
    _READER.refuse(detail_code, text)
