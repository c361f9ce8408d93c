"""Addresses of ours that platforms are told, and origins of theirs."""

from __future__ import annotations

from dataclasses import dataclass

from grader.lms.http import addresses
from grader.lms.http.errors import Refused
from grader.lms.lti.errors import InvalidPlatform


@dataclass(frozen=True)
class Own:
    """`public_url` as browsers reach the service, without a slash at its end."""

    public_url: str

    @property
    def login(self) -> str:
        return f"{self.public_url}/lti/login"

    @property
    def launch(self) -> str:
        return f"{self.public_url}/lti/launch"

    @property
    def keys(self) -> str:
        return f"{self.public_url}/lti/keys"

    def invitation(self, token: str) -> str:
        return f"{self.public_url}/lti/register/{token}"

    def is_ours(self, url: str) -> bool:
        """Whether a link of a platform leads to this service."""
        return url == self.public_url or url.startswith(f"{self.public_url}/")


def origin(url: str) -> str:
    """`https://host[:port]`, as browsers write it. Raises InvalidPlatform."""
    target = checked(url, "address")
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = 443 if target.scheme == "https" else 80
    return f"{target.scheme}://{host}" if target.port == usual else f"{target.scheme}://{host}:{target.port}"


def checked(url: str, what: str) -> addresses.Target:
    """The parts of an address that a browser or we could go to. Raises InvalidPlatform, which names `what`."""
    try:
        return addresses.parse(url)
    except Refused as refused:
        raise InvalidPlatform(f"The {what} cannot be used. {refused}") from None
