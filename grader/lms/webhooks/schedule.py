"""When a failed delivery is tried again, and when an endpoint is given up."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_MINUTE, _HOUR = 60, 3600
# Seconds before each try.
WAITS_S = (0, 5, 5 * _MINUTE, 30 * _MINUTE, *(hours * _HOUR for hours in (2, 5, 10, 14, 20, 24)))
JITTER = 0.1  # of the wait, added at random: what failed together does not come back together
LONGEST_RETRY_AFTER = timedelta(hours=24)
GIVE_UP = timedelta(days=5)
GONE = 410


def next_try(tries: int, now: datetime, retry_after: str = "") -> datetime | None:
    """When to try again after `tries` failed tries; None when that was the last.

    What the receiver asks for (`Retry-After`) is honoured where it is later, up to a day.
    """
    if tries >= len(WAITS_S):
        return None
    wait = timedelta(seconds=WAITS_S[tries] * (1 + JITTER * random.random()))  # noqa: S311 - no secret
    return now + max(wait, min(_asked_for(retry_after, now), LONGEST_RETRY_AFTER))


def _asked_for(text: str, now: datetime) -> timedelta:
    """`Retry-After` as seconds or as a date; nothing where it makes no sense."""
    text = text.strip()
    try:
        seconds = float(text)
        if math.isfinite(seconds):
            return timedelta(seconds=min(max(seconds, 0.0), LONGEST_RETRY_AFTER.total_seconds()))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return timedelta()
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return max(when - now, timedelta())


def has_failed_for_too_long(failing_since: datetime | None, now: datetime) -> bool:
    return failing_since is not None and now - failing_since >= GIVE_UP
