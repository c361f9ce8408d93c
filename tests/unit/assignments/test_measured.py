"""What a coursework measures for its leaderboard: of examples that no student has, where points were earned."""

from __future__ import annotations

import numpy as np
import pytest

from assignments.loading import load_package
from assignments.outcome import Conclusion
from assignments.vocabulary.trained_models import Answered, judge_validation_error
from tests.support.direct_ask import DirectAsk
from tests.unit.web.world import ROOT


def answered(validation: float, unseen: float) -> Answered:
    return Answered(np.zeros((1, 40)), np.zeros((1, 10)), "Sequential", (), validation, unseen)


@pytest.mark.parametrize(
    ("validation", "unseen", "conclusion", "measure"),
    [
        (33.0, 34.25, Conclusion.PASSED, 34.25),
        (38.0, 39.5, Conclusion.PARTIAL, 39.5),
        (60.0, 61.0, Conclusion.FAILED, None),
        (5.0, 50.0, Conclusion.FAILED, None),  # it learned the validation labels
    ],
)
def test_the_measure_is_the_error_on_unseen_examples(
    validation: float, unseen: float, conclusion: Conclusion, measure: float | None
) -> None:
    outcome = judge_validation_error(DirectAsk([]), answered(validation, unseen))
    assert (outcome.conclusion, outcome.measure) == (conclusion, measure)
    if measure is not None:
        assert f"{unseen:.2f}" not in outcome.message


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_courseworks_have_a_leaderboard_by_that_check(number: int) -> None:
    spec = load_package(ROOT / "assignments" / f"coursework-{number}").metadata.leaderboard
    assert spec is not None
    assert (spec.check, spec.baseline, spec.step) == ("validation_error", 37.45, 0.5)
