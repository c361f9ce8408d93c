"""The form of the gradebook that excuses many students, or gives them an extension: what was typed, what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.gradebook.errors import InvalidExtension
from grader.policies.terms import Allowance
from grader.time import OUR_TIME
from grader.web import zones

MOST_DIGITS = 6


@dataclass(frozen=True)
class BulkForm:
    """As it was typed. `who`: "chosen", or "all" that the filter finds; `what`: "excuse", "include" or "extend"."""

    who: str = "chosen"
    students: tuple[str, ...] = ()
    slug: str = ""
    what: str = "excuse"
    note: str = ""
    due_at: str = ""
    closes_at: str = ""
    extra_attempts: str = ""

    @classmethod
    def typed(cls, form: Mapping[str, str], students: Sequence[str]) -> BulkForm:
        texts = {key: form.get(key, "").strip()[:1000] for key in cls.__dataclass_fields__ if key != "students"}
        return cls(students=tuple(students), **texts)

    def allowance(self) -> Allowance:
        return read_allowance(self.due_at, self.closes_at, self.extra_attempts)


def read_allowance(due_at: str, closes_at: str, extra_attempts: str) -> Allowance:
    """Raises InvalidExtension."""
    try:
        due, closes = zones.read_input(due_at), zones.read_input(closes_at)
    except ValueError:
        raise InvalidExtension(f"A date could not be read: type one {OUR_TIME}, like 2026-11-21T23:59.") from None
    return Allowance(due, closes, whole_number(extra_attempts or "0"))


def whole_number(text: str) -> int:
    """Raises InvalidExtension."""
    if not text.strip().isdecimal() or len(text) > MOST_DIGITS:
        raise InvalidExtension(f"{text[:20]!r} is not a whole number.")
    return int(text)
