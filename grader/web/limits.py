"""How often one may try. Counted in Redis where there is one, else in this process; a Redis that goes away
only makes the count local, it never turns anyone away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import redis
from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

# Only failures count. A lecture hall shares one address; one address alone must not lock an account for others.
FAILURES_PER_ADDRESS = "60 per minute"
FAILURES_PER_ADDRESS_AND_ACCOUNT = "10 per 5 minutes"
FAILURES_PER_ACCOUNT = "100 per hour"
PROBE_S = 0.5
View = TypeVar("View", bound=Callable[..., Any])

limiter = Limiter(
    key_func=get_remote_address,
    swallow_errors=True,
    in_memory_fallback_enabled=True,
    headers_enabled=False,
    strategy="fixed-window",
)


def init_app(app: Flask, redis_url: str) -> None:
    storage = _storage(redis_url)
    app.config["RATELIMIT_STORAGE_URI"] = storage
    if storage != "memory://":
        app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_connect_timeout": PROBE_S, "socket_timeout": PROBE_S}
    app.config["RATELIMIT_KEY_PREFIX"] = "grader"
    limiter.init_app(app)


def account_key() -> str:
    """The account that somebody tries to enter, whether it exists or not."""
    return f"account:{request.form.get('email', '').strip().lower()[:254]}"


def address_and_account_key() -> str:
    return f"{get_remote_address()}:{account_key()}"


def failed(response: Response) -> bool:
    return response.status_code == 401


def sign_in_limits(view: View) -> View:
    """Slow down whoever guesses passwords."""
    for limit, key in (
        (FAILURES_PER_ADDRESS, get_remote_address),
        (FAILURES_PER_ADDRESS_AND_ACCOUNT, address_and_account_key),
        (FAILURES_PER_ACCOUNT, account_key),
    ):
        view = cast(View, limiter.limit(limit, key_func=key, deduct_when=failed)(view))
    return view


def _storage(redis_url: str) -> str:
    """`redis_url` as the limiter spells it, or memory where no Redis answers now."""
    if not redis_url:
        return "memory://"
    client = redis.Redis.from_url(redis_url, socket_connect_timeout=PROBE_S, socket_timeout=PROBE_S)
    try:
        client.ping()
    except (redis.RedisError, OSError):
        return "memory://"
    finally:
        client.close()
    return "redis+" + redis_url if redis_url.startswith("unix://") else redis_url
