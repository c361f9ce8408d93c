"""A grade as assignment and grade services (AGS 2.0) carry it: what is sent, when, and what was read back."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

MOODLE, CANVAS = "moodle", "canvas"
# A teacher's own grade stays there whatever a tool sends (Moodle always; Canvas because we ask for it).
KEEPS_OVERRIDES = frozenset({MOODLE, CANVAS})

SECOND = timedelta(seconds=1)
TURNED_CLOCK = timedelta(seconds=5)  # a last timestamp further ahead than this was not made by sending quickly
TOLERANCE = 0.01  # points; platforms keep two decimals at least

CANVAS_SUBMISSION = "https://canvas.instructure.com/lti/submission"
TAKEN_BACK = "This grade was taken back."
PROVISIONAL = "This grade is provisional."


@dataclass(frozen=True)
class Want:
    """What the platform should hold for a student. `score` None: nothing, the grade was taken back."""

    revision: int
    score: float | None
    maximum: float
    draft: bool = False


@dataclass(frozen=True)
class Result:
    """What the platform's gradebook holds for a student. `score` None: nothing, or (Moodle) zero."""

    score: float | None = None
    maximum: float | None = None
    at: datetime | None = None  # when it was changed last, where the platform says so


class Match(StrEnum):
    SAME = "same"
    CLIPPED = "clipped"  # more than the column's most points was cut down to them
    NOTHING = "nothing"
    OTHER = "other"


def next_stamp(last: datetime | None, now: datetime) -> datetime | None:
    """The timestamp of the next score for a cell; None: wait until `last` plus a second has come.

    Platforms compare whole seconds and refuse what is not later, so timestamps grow by a second at least. They are
    never in the future, which would make a platform refuse the scores that follow; but where the last one lies ahead of
    our clock, a clock was turned, and only what is later still is accepted.
    """
    floor = now.astimezone(UTC).replace(microsecond=0)
    if last is None or floor >= last + SECOND:
        return floor
    if last - now <= TURNED_CLOCK:
        return None
    return last + SECOND


def compare(want: Want, result: Result | None, column_maximum: float | None = None) -> Match:
    """Whether the platform holds what we want it to.

    Platforms say results in points of the column or of the score that was sent, so both are tried.
    """
    shown = result.score if result is not None else None
    if shown is None:
        # Moodle's results leave a grade of zero out.
        return Match.SAME if not want.score else Match.NOTHING
    if want.score is None:
        return Match.OTHER
    tops = [top for top in (result.maximum if result else None, column_maximum) if top] or [want.maximum]
    for top in tops:
        expected = want.score / want.maximum * top if want.maximum else want.score
        if abs(expected - shown) <= TOLERANCE:
            return Match.SAME
        if expected > top and abs(top - shown) <= TOLERANCE:
            return Match.CLIPPED
    return Match.OTHER


def score_body(
    sub: str, want: Want, stamp: datetime, *, family: str, first: bool, submitted_at: datetime | None = None
) -> dict[str, Any]:
    """The JSON of a score. `first`: nothing was ever sent for this cell, so Canvas notes a new submission.

    A score always has `scoreGiven` and is `FullyGraded`: Moodle erases the grade otherwise. The one exception is a
    grade that is taken back, where erasing is what is wanted.
    """
    extension: dict[str, Any] = {"new_submission": first and want.score is not None, "prioritize_non_tool_grade": True}
    if first and want.score is not None and submitted_at is not None:
        extension["submitted_at"] = _text(min(submitted_at, stamp))
    body: dict[str, Any] = {"userId": sub, "timestamp": _text(stamp), CANVAS_SUBMISSION: extension}
    if want.score is None:
        return {**body, "activityProgress": "Initialized", "gradingProgress": "NotReady", "comment": TAKEN_BACK}
    body |= {"scoreGiven": want.score, "scoreMaximum": want.maximum}
    body |= {"activityProgress": "Completed", "gradingProgress": "FullyGraded"}
    if want.draft:
        body["comment"] = PROVISIONAL
        if family == CANVAS:  # elsewhere it would erase the grade, or might
            body["gradingProgress"] = "PendingManual"
    return body


def _text(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds")


def read_result(raw: object) -> tuple[str, Result] | None:
    """One result as a platform writes it: whose, and what. None where it makes no sense."""
    if not isinstance(raw, dict) or raw.get("userId") is None:
        return None
    return str(raw["userId"]), Result(
        number(raw.get("resultScore")), number(raw.get("resultMaximum")), moment(raw.get("timestamp"))
    )


def number(value: object) -> float | None:
    """A finite number of JSON, else None: nothing that a platform says is trusted to be one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def moment(value: object) -> datetime | None:
    """A time of ISO 8601, else None."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        found = datetime.fromisoformat(value)
        found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_LAST_UPDATED = re.compile(r"last updated timestamp of\s+([0-9T:.+Z-]{10,40})")


def newer_than(answer: str) -> datetime | None:
    """The time after which a platform wants the next score, where its refusal says so (Canvas)."""
    found = _LAST_UPDATED.search(answer)
    return moment(found.group(1).rstrip(".")) if found else None


def beside(line_item_url: str, what: str) -> str:
    """The address of a line item's "scores" or "results". Moodle's line items have a query: it stays at the end."""
    path, mark, query = line_item_url.partition("?")
    return f"{path.rstrip('/')}/{what}{mark}{query}"


def with_query(url: str, extra: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{extra}"
