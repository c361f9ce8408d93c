"""Published keys of another service (JWKS): what of them is kept, and which of them may have signed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

REFETCH_AFTER = timedelta(seconds=60)  # an unknown key makes us fetch again, but no more often than that
STALE_AFTER = timedelta(hours=24)  # a key that was withdrawn is trusted no longer than that
LEAST_BITS = 2048
MOST_BYTES = 256 * 1024
MOST_KEYS = 50


def read(body: bytes) -> dict[str, Any] | None:
    """The public RSA keys in what was answered; None where it is no key set."""
    try:
        keys = json.loads(body)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        return None
    return {"keys": [_public(key) for key in keys if isinstance(key, dict) and key.get("kty") == "RSA"]}


def find(key_set: dict[str, Any] | None, kid: str) -> RSAKey | None:
    """The key of that name, if it may sign with RS256 and is long enough."""
    for one in (key_set or {}).get("keys", []):
        if one.get("kid") != kid or one.get("use", "sig") != "sig" or one.get("alg", "RS256") != "RS256":
            continue
        try:
            key = RSAKey.import_key(one)
            long_enough = key.public_key.key_size >= LEAST_BITS
        except (JoseError, ValueError, KeyError, TypeError):
            continue
        if long_enough:
            return key
    return None


def _public(key: dict[str, Any]) -> dict[str, Any]:
    return {name: key[name] for name in ("kty", "kid", "use", "alg", "n", "e") if isinstance(key.get(name), str)}
