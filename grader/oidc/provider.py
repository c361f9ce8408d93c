"""The provider of single sign-on, as it describes itself, and the three things that we ask of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import quote_plus, urlencode, urlsplit

from joserfc.jwk import RSAKey

from grader.jose import key_sets
from grader.lms.http.addresses import Rules
from grader.lms.http.client import Client
from grader.oidc.errors import ProviderDown, SingleSignOnRefused
from grader.oidc.settings import SingleSignOnSettings, is_this_machine

DESCRIBED_FOR = timedelta(hours=1)
MOST_BYTES = 256 * 1024
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Described:
    """What the provider says of itself (OpenID Connect Discovery 1.0)."""

    authorization: str
    token: str
    keys: str
    user_info: str = ""
    end_session: str = ""
    secret_in_form: bool = False  # it takes no Basic authentication


@dataclass
class Provider:
    """One for a process: what it describes and its keys are kept for a while. Everything is slow: hold no session."""

    client: Client
    issuer: str
    client_id: str
    client_secret: str = field(repr=False, default="")
    _described: tuple[datetime, Described] | None = field(init=False, repr=False, default=None)
    _keys: tuple[datetime, dict[str, Any]] | None = field(init=False, repr=False, default=None)

    @classmethod
    def of(cls, settings: SingleSignOnSettings) -> Self | None:
        if not settings.oidc_issuer:
            return None
        # The operator chose the provider, so it may be on a private network of the campus.
        client = Client(Rules.of("0.0.0.0/0, ::/0"))
        return cls(
            client, settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret.get_secret_value()
        )

    def described(self, now: datetime) -> Described:
        """Raises ProviderDown."""
        if self._described is not None and now - self._described[0] < DESCRIBED_FOR:
            return self._described[1]
        address = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        found = self._describe(self._json("GET", address, {}, b"", "its description"))
        self._described = (now, found)
        return found

    def key(self, kid: str, now: datetime) -> RSAKey:
        """The provider's key of that name. Raises ProviderDown, SingleSignOnRefused."""
        kept = self._keys
        if kept is not None and now - kept[0] < key_sets.STALE_AFTER:
            found = key_sets.find(kept[1], kid)
            if found is not None:
                return found
        if kept is None or now - kept[0] >= key_sets.REFETCH_AFTER:
            fetched = self._fetch_keys(now)
            found = key_sets.find(fetched, kid)
            if found is not None:
                return found
        text = "The message is signed with a key that the provider does not publish. Sign in once more in a minute."
        raise SingleSignOnRefused("unknown-key", text)

    def id_token(self, code: str, verifier: str, callback: str, now: datetime) -> tuple[str, str]:
        """The id_token and the access token for a code. Raises ProviderDown, SingleSignOnRefused."""
        described = self.described(now)
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": callback, "code_verifier": verifier,
        }  # fmt: skip
        headers = {"Content-Type": FORM}
        if self.client_secret and not described.secret_in_form:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"  # RFC 6749, 2.3.1
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {"client_id": self.client_id}
            form |= {"client_secret": self.client_secret} if self.client_secret else {}
        said = self._json("POST", described.token, headers, urlencode(form).encode(), "your sign-in")
        token, access = said.get("id_token"), said.get("access_token")
        if not isinstance(token, str):
            raise ProviderDown(
                "The provider of the sign-in did not say who you are (no id_token). Tell those who run it."
            )
        return token, access if isinstance(access, str) and access.isascii() and access.isprintable() else ""

    def user_info(self, access_token: str, now: datetime) -> dict[str, Any]:
        """What it says of somebody besides the id_token; {} where it offers none. Raises ProviderDown."""
        address = self.described(now).user_info
        if not address or not access_token:
            return {}
        return self._json("GET", address, {"Authorization": f"Bearer {access_token}"}, b"", "your address")

    def _fetch_keys(self, now: datetime) -> dict[str, Any]:
        reply = self.client.request("GET", self.described(now).keys, {"Accept": "application/json"},
                                    most_bytes=key_sets.MOST_BYTES)  # fmt: skip
        fetched = key_sets.read(reply.body) if reply.succeeded and reply.complete else None
        if fetched is None:
            why = reply.problem or f"It answered with status {reply.status}, or with something else than keys."
            raise ProviderDown(f"The keys of the provider of the sign-in could not be fetched. {why}")
        self._keys = (now, fetched)
        return fetched

    def _describe(self, said: Mapping[str, Any]) -> Described:
        if said.get("issuer") != self.issuer:
            raise ProviderDown(
                f"The provider of the sign-in calls itself {str(said.get('issuer'))[:200]!r}, and GRADER_OIDC_ISSUER "
                f"{self.issuer!r}. Tell those who run this service."
            )
        methods = said.get("token_endpoint_auth_methods_supported")
        basic = not isinstance(methods, list) or "client_secret_basic" in methods
        return Described(
            authorization=self._address(said, "authorization_endpoint"),
            token=self._address(said, "token_endpoint"),
            keys=self._address(said, "jwks_uri"),
            user_info=self._address(said, "userinfo_endpoint", needed=False),
            end_session=self._address(said, "end_session_endpoint", needed=False),
            secret_in_form=not basic,
        )

    def _address(self, said: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
        value = said.get(name)
        if not isinstance(value, str) or not self._usable(value):
            if needed:
                raise ProviderDown(
                    f"The provider of the sign-in names no usable address ({name}). Tell those who run it."
                )
            return ""
        return value

    def _usable(self, address: str) -> bool:
        parts = urlsplit(address)
        return parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(parts.hostname or ""))

    def _json(self, method: str, url: str, headers: Mapping[str, str], body: bytes, what: str) -> dict[str, Any]:
        """The object that is answered. Raises ProviderDown; SingleSignOnRefused where it refuses the code."""
        given = {"Accept": "application/json", **headers}
        reply = self.client.request(method, url, given, body, most_bytes=MOST_BYTES)
        try:
            said = json.loads(reply.body) if reply.complete else None
        except (ValueError, RecursionError):
            said = None
        if isinstance(said, dict) and said.get("error") == "invalid_grant":
            raise SingleSignOnRefused("code", "This sign-in was used already, or took too long. Sign in once more.")
        if not reply.succeeded or not isinstance(said, dict):
            why = reply.problem or f"It answered with status {reply.status}."
            raise ProviderDown(
                f"The provider of the sign-in could not be asked for {what}. {why} Try again in a minute."
            )
        return said
