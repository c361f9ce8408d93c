"""The clock. Every time in the grader is an aware datetime in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
OUR_TIME = "between the years 2000 and 2199"


def utc_now() -> datetime:
    return datetime.now(UTC)


def in_our_time(when: datetime) -> datetime:
    """A time that somebody gave, in UTC. Raises ValueError.

    At the ends of the calendar a time exists in one zone and not in another: whoever reads it there gets an error.
    """
    if not _FIRST <= when < _LAST:
        raise ValueError(f"a time {OUR_TIME} is needed")
    return when.astimezone(UTC)
