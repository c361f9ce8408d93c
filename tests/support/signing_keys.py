"""The keys with which a platform or a provider on this machine signs, and what it publishes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from joserfc.jwk import RSAKey


@cache
def rsa_key(kid: str) -> RSAKey:
    """One key a name and process: making them takes long."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"}, private=True)


@dataclass(kw_only=True)
class SigningKeys:
    kid: str = "first"  # of the one that signs
    published: list[str] = field(default_factory=lambda: ["first"])

    def jwks(self) -> dict[str, Any]:
        return {"keys": [rsa_key(kid).as_dict(private=False) for kid in self.published]}
