"""Where a request may go. An address that somebody typed or a platform sent must never reach our own network.

A name is resolved once, every address that it has is checked, and the connection goes to a checked one: a name that
changes its mind in between (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from grader.lms.http.errors import Refused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int, float], list[str]]

MOST_URL_CHARACTERS = 2000
# Addresses that carry another one inside (NAT64, 6to4, Teredo, IPv4-compatible), and what `is_global` of some
# Python releases lets through.
_NEVER = tuple(
    ip_network(text)
    for text in (
        "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "fec0::/10", "100::/64", "5f00::/16",
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """An address, taken apart by the one parser that is also used to send."""

    scheme: str
    host: str
    port: int
    path: str  # with the query


def parse(url: str) -> Target:
    """Raises Refused when this is no address that a request can go to."""
    if len(url) > MOST_URL_CHARACTERS:
        raise Refused(f"The address has more than {MOST_URL_CHARACTERS} characters.")
    if any(ord(c) <= 32 or ord(c) == 127 for c in url) or "\\" in url:
        raise Refused("The address holds a blank, a backslash or a control character.")
    try:
        parsed = httpx.URL(url)
        host, port = parsed.raw_host.decode("ascii").strip("[]"), parsed.port
        path = parsed.raw_path.decode("ascii")
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise Refused("This is no web address. It should look like https://lms.example.org/hooks/grades.") from None
    if parsed.scheme not in ("http", "https") or not host:
        raise Refused("The address must begin with https:// and name a host.")
    if parsed.userinfo or parsed.fragment:
        raise Refused("The address must hold no user name, password or #fragment.")
    if port == 0 or "%" in host:
        raise Refused("The address names no usable host and port.")
    return Target(parsed.scheme, host, port or (443 if parsed.scheme == "https" else 80), path)


@dataclass(frozen=True)
class Rules:
    """`allowed`: private networks that may be reached all the same, also without TLS (a campus LMS)."""

    allowed: tuple[Network, ...] = ()

    @classmethod
    def of(cls, setting: str) -> Rules:
        return cls(tuple(ip_network(part.strip()) for part in setting.split(",") if part.strip()))

    def admits(self, address: Address) -> bool:
        inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return any((inner or address) in network for network in self.allowed)

    def require(self, text: str, scheme: str) -> None:
        """Raises Refused for an address that must not be reached."""
        try:
            address = ip_address(text)
        except ValueError:
            raise Refused(f"The name leads to {text[:60]!r}, which is no address.") from None
        if self.admits(address):
            return
        if not _is_public(address):
            raise Refused(
                f"The name leads to {address}, which is not a public address. Whoever runs "
                "this service can admit its network (GRADER_WEBHOOK_NETWORKS)."
            )
        if scheme != "https":
            raise Refused("The address must begin with https://: grades do not travel in the clear.")


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
    known_bad = any(address in network for network in _NEVER if network.version == address.version)
    return address.is_global and not (known_bad or address.is_multicast or address.is_reserved)


def choose(target: Target, rules: Rules, timeout_s: float, resolve: Resolve | None = None) -> str:
    """The address to connect to. Raises Refused when any address of the name must not be reached, or none is known."""
    try:
        found = (resolve or resolve_name)(target.host, target.port, timeout_s)
    except OSError as error:
        raise Refused(f"The host {target.host!r} is not known ({error.strerror or error}).") from None
    if not found:
        raise Refused(f"The host {target.host!r} has no address.")
    for address in found:
        rules.require(address, target.scheme)
    # IPv4 first: many machines have no way out over IPv6, and one address is tried.
    return min(found, key=lambda text: ":" in text)


def resolve_name(host: str, port: int, timeout_s: float) -> list[str]:
    """Raises OSError. The resolver of the system knows no time limit, so it is waited for in a thread."""
    try:
        return [str(ip_address(host))]  # there is nothing to ask
    except ValueError:
        pass
    result: list[list[str] | OSError] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            result.append(list(dict.fromkeys(str(row[4][0]) for row in rows)))
        except (OSError, UnicodeError) as error:
            result.append(error if isinstance(error, OSError) else OSError(str(error)))

    thread = threading.Thread(target=look_up, daemon=True, name="resolver")
    thread.start()
    thread.join(timeout_s)
    if not result:
        raise TimeoutError("the name server did not answer in time")
    if isinstance(result[0], OSError):
        raise result[0]
    return result[0]
