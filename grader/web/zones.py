"""The time zone of the person who reads a page.

The script `times.js` leaves the browser's zone in a cookie, so that also what the server says in a sentence, and
what is typed into a form, is in that zone. Without script, or with a zone that we do not know, it is UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import has_request_context, request

from grader.time import in_our_time
from grader.web.formats import as_utc

COOKIE = "zone"
INPUT_FORM = "%Y-%m-%dT%H:%M"  # of <input type="datetime-local">


def zone_name() -> str:
    """The reader's zone, "Europe/London"; "UTC" where it is not known."""
    name = request.cookies.get(COOKIE, "") if has_request_context() else ""
    return name if _zone(name) is not None else "UTC"


def local_text(when: datetime) -> str:
    """ "21 Nov 2026, 23:59 GMT": a time as the reader reads it."""
    return _as_read(when).strftime("%-d %b %Y, %H:%M %Z")


def input_value(when: datetime | None) -> str:
    return "" if when is None else _as_read(when).strftime(INPUT_FORM)


def read_input(text: str) -> datetime | None:
    """What was typed into a field for a date and time. Raises ValueError, also for one that is not of our time."""
    text = text.strip()
    if not text:
        return None
    typed = datetime.fromisoformat(text)
    return in_our_time(typed if typed.tzinfo is not None else typed.replace(tzinfo=reader_zone()))


def reader_zone() -> tzinfo:
    return _zone(zone_name()) or UTC


def _as_read(when: datetime) -> datetime:
    try:
        return as_utc(when).astimezone(reader_zone())
    except OverflowError:  # a package's date at the end of the calendar, which the reader's zone does not have
        return as_utc(when)


def _zone(name: str) -> tzinfo | None:
    if not name or len(name) > 64:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
