"""Reading an id_token: everything that can be wrong with one is refused, and told in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from grader.db.lti import NAME_LENGTH
from grader.lms.lti import names
from grader.lms.lti.errors import LaunchRefused

LEEWAY = timedelta(seconds=120)  # by which the two clocks may differ
MOST_CHARACTERS = 256 * 1024
MOST_KID = 500
_REGISTRY = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)
_REGISTRY.max_payload_length = MOST_CHARACTERS


@dataclass(frozen=True)
class Expected:
    """What a launch has to fit: the registration that the login was begun for, and that login."""

    issuer: str
    client_id: str
    target_url: str
    begun_at: datetime
    nonce_is_ours: Callable[[str], bool]


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
    if len(token) > MOST_CHARACTERS:
        _refuse("too-large", f"The message has more than {MOST_CHARACTERS // 1024} kB, which no launch needs.")
    try:
        header = jws.extract_compact(token.encode(), registry=_REGISTRY).headers()
    except (JoseError, ValueError, UnicodeError, RecursionError, TypeError, KeyError, AttributeError):
        _refuse("malformed", "What the platform sent is no signed message.")
    if header.get("alg") != "RS256":
        _refuse("algorithm", "The message is not signed with RS256, which LTI demands.")
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= MOST_KID or "crit" in header:
        _refuse("malformed", "The message does not say which key signed it.")
    return kid


def read(token: str, key: RSAKey, expected: Expected, now: datetime) -> Message:
    """The verified message. Raises LaunchRefused."""
    try:
        claims = jwt.decode(token, key, algorithms=["RS256"], registry=_REGISTRY).claims
    except (JoseError, ValueError, RecursionError, TypeError):
        _refuse("signature", "The message's signature is wrong: it was changed on its way, or somebody else made it.")
    _parties(claims, expected)
    _times(claims, expected, now)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not expected.nonce_is_ours(nonce):
        _refuse("nonce", "The message does not belong to the login that was begun here. Open the link once more.")
    return _message(claims, expected)


def _parties(claims: dict[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        _refuse("issuer", "The message comes from another platform than the login.")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        _refuse("audience", "The message was made for another tool.")
    party = claims.get("azp")
    if (party is not None or len(audiences) > 1) and party != expected.client_id:
        _refuse("audience", "The message was made for another tool (azp).")


def _times(claims: dict[str, Any], expected: Expected, now: datetime) -> None:
    moments = {}
    for key in ("exp", "iat"):
        value = claims.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11:
            _refuse("times", f"The message does not say when it was made and when it ends ({key}).")
        moments[key] = float(value)
    leeway = LEEWAY.total_seconds()
    if moments["exp"] < now.timestamp() - leeway:
        _refuse("expired", f"The message has ended. Open the link once more. {_CLOCKS}")
    if moments["iat"] > now.timestamp() + leeway:
        _refuse("times", f"The message was made in the future. {_CLOCKS}")
    if moments["iat"] < expected.begun_at.timestamp() - leeway:
        _refuse("times", f"The message is older than the login that it belongs to. {_CLOCKS}")


_CLOCKS = (
    f"If that happens each time, the clocks of the platform and of this service differ by more than "
    f"{LEEWAY.seconds // 60} minutes: tell those who run them."
)


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
        email=_plain(claims.get("email"), NAME_LENGTH),
        context=_object(claims, names.CONTEXT),
        resource_link=_object(claims, names.RESOURCE_LINK),
        custom=_object(claims, names.CUSTOM),
        memberships_url=_plain(_object(claims, names.NAMES_AND_ROLES).get("context_memberships_url"), 2000),
        grades=_object(claims, names.GRADES_ENDPOINT),
        document_target=_plain(_object(claims, names.PRESENTATION).get("document_target"), 40),
        deep_linking=_object(claims, names.DEEP_LINKING_SETTINGS),
    )
    _named(message.context, "id", "the course that it was opened in")
    if kind == names.RESOURCE_LINK_REQUEST:
        _named(message.resource_link, "id", "the link that was opened")
    elif not isinstance(message.deep_linking.get("deep_link_return_url"), str):
        _refuse("malformed", "The message does not say where the choice is to be sent.")
    return message


def _named(found: dict[str, Any], key: str, what: str) -> str:
    value = found.get(key)
    # Without what no name has: PostgreSQL keeps no NUL.
    if not isinstance(value, str) or not 0 < len(value) <= NAME_LENGTH or not value.isprintable():
        _refuse("malformed", f"The message does not name {what}.")
    return value


def _object(claims: dict[str, Any], key: str) -> dict[str, Any]:
    value = claims.get(key)
    return value if isinstance(value, dict) else {}


def _plain(value: Any, most: int) -> str:
    """Text that fits, without what no name or address has; "" for anything else."""
    if not isinstance(value, str) or len(value) > most:
        return ""
    return "".join(c for c in value if c.isprintable())


def person_name(found: dict[str, Any]) -> str:
    """The name as the platform has it, in any script; "" where it tells none."""
    whole = _plain(found.get("name"), 2000)
    parts = (_plain(found.get(key), 1000) for key in ("given_name", "family_name"))
    return " ".join((whole or " ".join(filter(None, parts))).split())[:200]


def _refuse(detail_code: str, text: str) -> NoReturn:
    raise LaunchRefused(detail_code, text)
