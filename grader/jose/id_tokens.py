"""Reading an id_token: everything that can be wrong with one is refused, and told in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

LEEWAY = timedelta(seconds=120)  # by which the two clocks may differ
MOST_CHARACTERS = 256 * 1024
MOST_KID = 500
_REGISTRY = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)
_REGISTRY.max_payload_length = MOST_CHARACTERS
_CLOCKS = (
    f"If that happens each time, the clocks of the two services differ by more than {LEEWAY.seconds // 60} minutes: "
    "tell those who run them."
)


@dataclass(frozen=True)
class Login:
    """What a token has to fit: whom it must be from and for, and the login that was begun here."""

    issuer: str
    client_id: str
    begun_at: datetime
    nonce_is_ours: Callable[[str], bool]


@dataclass(frozen=True)
class Reader:
    """`refusal` makes the error to raise, of a short reason and a sentence; `again` says how one begins anew."""

    refusal: Callable[[str, str], Exception]
    again: str

    def refuse(self, reason: str, text: str) -> NoReturn:
        raise self.refusal(reason, text)

    def key_name(self, token: str) -> str:
        """The `kid` in the header of a token, of which nothing was verified yet."""
        if len(token) > MOST_CHARACTERS:
            self.refuse("too-large", f"The message has more than {MOST_CHARACTERS // 1024} kB, which none needs.")
        try:
            header = jws.extract_compact(token.encode(), registry=_REGISTRY).headers()
        except (JoseError, ValueError, UnicodeError, RecursionError, TypeError, KeyError, AttributeError):
            self.refuse("malformed", "What came is no signed message.")
        if header.get("alg") != "RS256":
            self.refuse("algorithm", "The message is not signed with RS256, which is demanded here.")
        kid = header.get("kid")
        if not isinstance(kid, str) or not 0 < len(kid) <= MOST_KID or "crit" in header:
            self.refuse("malformed", "The message does not say which key signed it.")
        return kid

    def claims(self, token: str, key: RSAKey, login: Login, now: datetime) -> dict[str, Any]:
        """What a message says that is genuine, of this login and of now."""
        try:
            claims = jwt.decode(token, key, algorithms=["RS256"], registry=_REGISTRY).claims
        except (JoseError, ValueError, RecursionError, TypeError):
            self.refuse(
                "signature", "The message's signature is wrong: it was changed on its way, or somebody else made it."
            )
        self._parties(claims, login)
        self._times(claims, login, now)
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not login.nonce_is_ours(nonce):
            self.refuse("nonce", f"The message does not belong to the login that was begun here. {self.again}")
        return claims

    def _parties(self, claims: dict[str, Any], login: Login) -> None:
        if claims.get("iss") != login.issuer:
            self.refuse("issuer", "The message comes from another service than the one that was asked.")
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if login.client_id not in audiences:
            self.refuse("audience", "The message was made for another service than this one.")
        party = claims.get("azp")
        if (party is not None or len(audiences) > 1) and party != login.client_id:
            self.refuse("audience", "The message was made for another service than this one (azp).")

    def _times(self, claims: dict[str, Any], login: Login, now: datetime) -> None:
        moments = {}
        for key in ("exp", "iat"):
            value = claims.get(key)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11:
                self.refuse("times", f"The message does not say when it was made and when it ends ({key}).")
            moments[key] = float(value)
        leeway = LEEWAY.total_seconds()
        if moments["exp"] < now.timestamp() - leeway:
            self.refuse("expired", f"The message has ended. {self.again} {_CLOCKS}")
        if moments["iat"] > now.timestamp() + leeway:
            self.refuse("times", f"The message was made in the future. {_CLOCKS}")
        if moments["iat"] < login.begun_at.timestamp() - leeway:
            self.refuse("times", f"The message is older than the login that it belongs to. {_CLOCKS}")


def plain(value: Any, most: int) -> str:
    """Text that fits, without what no name or address has; "" for anything else."""
    if not isinstance(value, str) or len(value) > most:
        return ""
    return "".join(c for c in value if c.isprintable())


def person_name(found: dict[str, Any]) -> str:
    """The name as the other side has it, in any script; "" where it tells none."""
    whole = plain(found.get("name"), 2000)
    parts = (plain(found.get(key), 1000) for key in ("given_name", "family_name"))
    return " ".join((whole or " ".join(filter(None, parts))).split())[:200]
