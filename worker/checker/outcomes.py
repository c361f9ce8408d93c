"""What a checker says that a check concluded, looked at field by field."""

from __future__ import annotations

import math
from typing import Any

from assignments.outcome import Conclusion, Outcome

FIELDS = {"number", "conclusion", "fraction", "message", "diagnosis", "staff", "measure"}
MAX_TEXT = 4_000
MAX_DIAGNOSIS = 200
MOST_MEASURE = 1e9


class OutcomeError(ValueError):
    """It is no outcome; the text says why, for staff."""


def read_outcome(words: dict[str, Any], number: int) -> Outcome:
    """Raises OutcomeError for anything but an outcome of check `number` with a fraction from 0 to 1."""
    if set(words) != FIELDS:
        raise OutcomeError("its outcome has other fields than an outcome")
    if words["number"] != number:
        raise OutcomeError("it told of a check that was not asked for")
    if words["conclusion"] not in set(Conclusion):
        raise OutcomeError(f"it concluded {str(words['conclusion'])[:50]!r}, which is no conclusion")
    fraction = words["fraction"]
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not math.isfinite(fraction):
        raise OutcomeError(f"it gave {fraction!r:.50} of the points, which is no number")
    if not 0 <= fraction <= 1:
        raise OutcomeError(f"it gave {fraction!r:.50} of the points, which is not from 0 to 1")
    diagnosis, measure = words["diagnosis"], words["measure"]
    if measure is not None and (
        isinstance(measure, bool) or not isinstance(measure, int | float) or not abs(measure) <= MOST_MEASURE
    ):
        raise OutcomeError(f"it measured {measure!r:.50}, which is no number that can be ranked")
    return Outcome(
        conclusion=Conclusion(words["conclusion"]),
        fraction=float(fraction),
        message=_text(words["message"], "message", MAX_TEXT),
        diagnosis=None if diagnosis is None else _text(diagnosis, "diagnosis", MAX_DIAGNOSIS),
        staff=_text(words["staff"], "text for staff", MAX_TEXT),
        measure=None if measure is None else float(measure),
    )


def _text(value: object, what: str, most: int) -> str:
    if not isinstance(value, str):
        raise OutcomeError(f"its {what} is no text")
    if len(value) > most:
        raise OutcomeError(f"its {what} has {len(value)} characters; at most {most} are read")
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON can spell half characters, which no database takes
        raise OutcomeError(f"its {what} holds what is no character") from None
    return value
