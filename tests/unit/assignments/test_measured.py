"""What a coursework measures for its leaderboard: of examples that no student has, where points were earned."""

from __future__ import annotations

import numpy as np
import pytest

from assignments.loading import load_package
from assignments.outcome import Conclusion
from assignments.vocabulary.trained_models import Answered, judge_validation_error
from tests.support.direct_ask import DirectAsk
from tests.support.packages import check
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


@pytest.mark.parametrize(("printed", "told"), [("[50.0, 10.0]", True), ("[50.0, 33.05]", False), ("'lost'", False)])
def test_an_error_that_the_notebook_has_otherwise_is_told_and_never_believed(printed: str, told: bool) -> None:
    outcome = judge_validation_error(DirectAsk([f"import numpy as np\nerrors_val = {printed}"]), answered(33.0, 34.0))
    assert outcome.conclusion is Conclusion.PASSED
    assert "33.00 %" in outcome.message
    assert ("`errors_val` ends with 10.00 %" in outcome.message) is told


LIVE = """
class Thing:
    def __init__(self, **attributes):
        vars(self).update(attributes)
class Dropout(Thing):
    pass
"""


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        ("optimizer = Thing(defaults={}, param_groups=[{'weight_decay': 0.001}])", "weight decay"),
        ("model = Thing(modules=lambda: [Dropout(p=0.3)])", "dropout"),
        ("loss_function = Thing(label_smoothing=0.1)", "label smoothing"),
        ("data_loader = Thing(batch_size=100, dataset=range(8000))", "more training examples"),
        ("In = ['x = x + 0.1 * torch.randn_like(x)']", "noise"),
        ("In = ['loss = loss + 1e-4 * sum(w.norm() for w in model.parameters())']", "a penalty on the weights"),
        ("In = ['x = torch.roll(x, 2)  # moved\\nx = x.roll(3)']", "augmentation"),
        ("In = ['w.data.clamp_(-1, 1)']", "a bound on the weights"),
        ("In = ['swa = AveragedModel(model)']", "averaged weights"),
    ],
)
def test_regularisation_is_named_by_its_kind(cell: str, named: str) -> None:
    outcome = check("coursework-3", "regularisation")(DirectAsk([LIVE, cell]))
    assert (outcome.conclusion, outcome.message) == (Conclusion.PASSED, f"Found: {named}.")


def test_a_remark_about_regularisation_is_none() -> None:
    outcome = check("coursework-3", "regularisation")(DirectAsk([LIVE, "In = ['# x.roll(3), model.norm()\\ny = 1']"]))
    assert (outcome.conclusion, outcome.diagnosis) == (Conclusion.FAILED, "no-regularisation")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_courseworks_have_a_leaderboard_by_that_check(number: int) -> None:
    spec = load_package(ROOT / "assignments" / f"coursework-{number}").metadata.leaderboard
    assert spec is not None
    assert (spec.check, spec.baseline, spec.step) == ("validation_error", 37.45, 0.5)
