"""How often one may try. Counted in Redis where there is one, else in this process; a Redis that goes away
only makes the count local, it never turns anyone away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import redis
from flask import Blueprint, Flask, Response, g, request
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address

# Only failures count. A lecture hall shares one address; one address alone must not lock an account for others.
FAILURES_PER_ADDRESS = "60 per minute"
FAILURES_PER_ADDRESS_AND_ACCOUNT = "10 per 5 minutes"
FAILURES_PER_ACCOUNT = "100 per hour"
# A hand-in costs disk and a kernel; an assignment's own rules (attempts, cool-down) come on top.
UPLOADS_PER_PERSON = "30 per minute"
# What a program that behaves never reaches: it stops loops that forgot to wait.
CALLS_PER_PERSON = "1200 per minute"
TOO_MANY_FAILURES = "There were too many failed tries in a short time. Wait five minutes, then try again."
TOO_MANY_UPLOADS = "You handed in very often within a minute. This upload was not counted; wait a minute, then send it."
TOO_MANY_CALLS = "Your programs call very often. Nothing was done; wait a minute, and let them pause between calls."
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
        counted = limiter.limit(limit, key_func=key, deduct_when=failed, error_message=TOO_MANY_FAILURES)
        view = cast(View, counted(view))
    return view


def person_key() -> str:
    """Whoever is behind a guarded route; the address where nobody is."""
    caller = g.get("caller")
    return f"person:{caller.user.id}" if caller is not None else f"address:{get_remote_address()}"


def upload_limits(view: View) -> View:
    """Counts every try, also those that are refused: each was read and looked at."""
    limit = limiter.shared_limit(
        UPLOADS_PER_PERSON, scope="uploads", key_func=person_key, error_message=TOO_MANY_UPLOADS
    )
    return cast(View, limit(view))


def limit_api(api: Blueprint) -> None:
    limiter.shared_limit(CALLS_PER_PERSON, scope="api", key_func=person_key, error_message=TOO_MANY_CALLS)(api)


def seconds_until_free(error: RateLimitExceeded) -> int:
    """How long whoever hit `error` waits, at most."""
    return int(error.limit.limit.get_expiry())


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
