import math

import pytest

from assignments.outcome import Conclusion, Outcome
from worker.contract import Verdict
from worker.pipeline.verdicts import EARLIER, best, to_result, unavailable


def outcome(conclusion: str, fraction: float, message: str = "") -> Outcome:
    return Outcome(Conclusion(conclusion), fraction, message)


def test_the_outcome_with_most_points_is_kept() -> None:
    kept = best([outcome("failed", 0.0), outcome("partial", 0.5), outcome("error", 0.0)])
    assert kept.conclusion is Conclusion.PARTIAL


def test_the_student_is_told_where_an_earlier_definition_counts() -> None:
    kept = best([outcome("passed", 1.0, "Correct."), outcome("failed", 0.0, "Minus sign.")])
    assert kept.message == f"Correct. {EARLIER}"
    assert best([outcome("failed", 0.0), outcome("passed", 1.0, "Correct.")]).message == "Correct."
    assert best([outcome("passed", 1.0, "Old."), outcome("passed", 1.0, "Correct.")]).message == "Correct."


def test_without_points_the_most_telling_outcome_is_kept() -> None:
    kept = best([outcome("error", 0.0), outcome("failed", 0.0, "sign"), outcome("missing", 0.0)])
    assert kept.message == "sign"


def test_among_equals_the_latest_is_kept() -> None:
    assert best([outcome("failed", 0.0, "old"), outcome("failed", 0.0, "new")]).message == "new"


@pytest.mark.parametrize("fraction", [math.nan, math.inf, -0.1, 1.01])
def test_a_fraction_that_is_no_share_of_the_points_earns_nothing(fraction: float) -> None:
    result = to_result("k", "t", 4.0, outcome("passed", fraction))
    assert (result.points, result.verdict) == (0.0, Verdict.FAILED)


@pytest.mark.parametrize("conclusion", ["failed", "missing", "error", "timeout", "manual"])
def test_only_passed_and_partial_earn_points(conclusion: str) -> None:
    assert to_result("k", "t", 4.0, outcome(conclusion, 1.0)).points == 0.0


def test_a_partial_result_says_so() -> None:
    result = to_result("k", "t", 3.0, outcome("passed", 1 / 3))
    assert (result.points, result.verdict) == (1.0, Verdict.PARTIAL)


def test_a_broken_check_of_ours_shows_its_cause_to_staff_only() -> None:
    result = unavailable("k", "t", 2.0, "ZeroDivisionError in checks.py")
    assert result.verdict is Verdict.UNAVAILABLE
    assert "ZeroDivisionError" not in str(result.public())


def test_messages_cannot_steer_a_terminal() -> None:
    result = to_result("k", "t", 1.0, Outcome(Conclusion.FAILED, 0.0, "a\x1b[2J\x00b\nc é"))
    assert result.message == "a\ufffd[2J\ufffdb\nc é"
