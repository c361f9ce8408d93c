"""Judging a number that the student typed into the upload page."""

from __future__ import annotations

from collections.abc import Sequence

from assignments.asking import Ask
from assignments.outcome import Conclusion, Outcome
from reference.comparators.typed_numbers import KnownWrong, compare_typed


def judge_answer(ask: Ask, key: str, right: float, *, decimals: int, known_wrong: Sequence[KnownWrong] = ()) -> Outcome:
    """Compare the field `key` with `right` to the digits typed, at least `decimals` of them."""
    text = ask.answers.get(key, "").strip()
    if not text:
        message = "No number was entered. Type it into the field on the upload page and submit again."
        return Outcome(Conclusion.MISSING, 0.0, message)
    result = compare_typed(text, right, decimals=decimals, known_wrong=known_wrong)
    if result.equal:
        return Outcome(Conclusion.PASSED, 1.0, result.message)
    return Outcome(Conclusion.FAILED, 0.0, result.message, result.diagnosis, staff=f"typed: {text[:100]!r}")
