"""What a check concludes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Conclusion(StrEnum):
    """The verdicts that a check can give; `unavailable` is the worker's alone."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    MISSING = "missing"
    ERROR = "error"
    TIMEOUT = "timeout"
    MANUAL = "manual"


@dataclass(frozen=True)
class Outcome:
    """`fraction` of the check's points, from 0 to 1; `message` is for the student and never holds a hidden
    input or answer; `diagnosis` is the key of a recognised mistake ("minus-sign"); `staff` is for staff.
    `measure` is the number by which a leaderboard ranks, of withheld examples: it stands in no text for students."""

    conclusion: Conclusion
    fraction: float
    message: str
    diagnosis: str | None = None
    staff: str = ""
    measure: float | None = None
