"""From what the checks concluded at each moment to results with points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from assignments.outcome import Conclusion, Outcome
from worker.contract import MAX_TEXT, CheckResult, Verdict

# Of several outcomes without points, the one that tells the student most is kept.
_TELLING = (
    Conclusion.PASSED,
    Conclusion.PARTIAL,
    Conclusion.MANUAL,
    Conclusion.FAILED,
    Conclusion.ERROR,
    Conclusion.TIMEOUT,
    Conclusion.MISSING,
)

EARLIER = "This is an earlier definition of yours, and it counts; what the notebook ends with earns less."


def best(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome with the largest fraction; among equals the most telling, then the latest. The student is told where
    the notebook ends with less."""
    ranked = enumerate(outcomes)
    found = max(ranked, key=lambda pair: (_fraction(pair[1]), -_TELLING.index(pair[1].conclusion), pair[0]))[1]
    if _fraction(found) > _fraction(outcomes[-1]):
        return replace(found, message=f"{found.message} {EARLIER}".strip())
    return found


def to_result(key: str, title: str, max_points: float, outcome: Outcome) -> CheckResult:
    """Points are rounded to hundredths. A verdict never contradicts its points."""
    fraction = _fraction(outcome)
    verdict = Verdict(outcome.conclusion.value)
    if verdict in {Verdict.PASSED, Verdict.PARTIAL}:
        verdict = Verdict.PASSED if fraction == 1.0 else Verdict.PARTIAL if fraction > 0 else Verdict.FAILED
    else:
        fraction = 0.0
    return CheckResult(
        key=key,
        title=title,
        points=round(fraction * max_points, 2),
        max_points=max_points,
        verdict=verdict,
        message=printable(outcome.message)[:MAX_TEXT],
        diagnosis=outcome.diagnosis,
        staff_message=printable(outcome.staff)[:MAX_TEXT],
        measure=outcome.measure,
    )


def printable(text: str) -> str:
    """Without the control characters that student code could steer a terminal with; line breaks stay."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def unavailable(key: str, title: str, max_points: float, staff: str) -> CheckResult:
    """A check of ours that broke: no points either way, and staff are told why."""
    return CheckResult(
        key=key,
        title=title,
        points=0.0,
        max_points=max_points,
        verdict=Verdict.UNAVAILABLE,
        message="This check could not be carried out. That is our fault, not yours: the teaching staff can see "
        "why, and your submission is graded again once it is mended.",
        staff_message=staff[:MAX_TEXT],
    )


def _fraction(outcome: Outcome) -> float:
    """NaN or anything outside 0..1 is a fault of the check and earns nothing."""
    value = float(outcome.fraction)
    return value if math.isfinite(value) and 0.0 <= value <= 1.0 else 0.0
