"""What a check says: replies without a value, shares, marks."""

from types import ModuleType

import pytest

from assignments.asking import KernelGone, Missing, NotCallable, Raised, TimedOut, Uncarried
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary import Share, check, combine, explain
from assignments.vocabulary.registry import checks_of

PASSED = Outcome(Conclusion.PASSED, 1.0, "Correct.")


@pytest.mark.parametrize(
    ("reply", "conclusion", "diagnosis", "message"),
    [
        (
            Missing("f"),
            Conclusion.MISSING,
            None,
            "The notebook defines no `f`.",
        ),
        (
            Missing("f", ("F", "f1", "f2", "f3")),
            Conclusion.MISSING,
            "renamed",
            "The notebook defines no `f`. It does have `F`, `f1`, `f2`: rename it to `f` and submit again.",
        ),
        (
            Missing("beta_3", ("beta_2", "beta_13")),
            Conclusion.MISSING,
            None,
            "The notebook defines no `beta_3`.",
        ),
        (
            Missing("dydbeta3", ("dydbeta_3", "dydbeta2")),
            Conclusion.MISSING,
            "renamed",
            "The notebook defines no `dydbeta3`. It does have `dydbeta_3`: rename it to `dydbeta3` and submit again.",
        ),
        (
            NotCallable("f", "float"),
            Conclusion.FAILED,
            "not-a-function",
            "`f` is no function: the notebook sets it to a value of the type `float`.",
        ),
        (
            Raised("NameError", "name 'y' is not defined", "return y"),
            Conclusion.ERROR,
            "undefined-name",
            "`f` stops with NameError: name 'y' is not defined (for arrays). The line is: `return y`.",
        ),
        (Raised("MyError", ""), Conclusion.ERROR, None, "`f` stops with MyError (for arrays)."),
        (
            TimedOut(10.0),
            Conclusion.TIMEOUT,
            "too-slow",
            "`f` was stopped for arrays: it had not finished after 10 seconds.",
        ),
        (
            KernelGone("the kernel used too much memory"),
            Conclusion.ERROR,
            "kernel-gone",
            "`f` could not be tried. The kernel used too much memory.",
        ),
        (
            Uncarried("It is nested too deeply."),
            Conclusion.FAILED,
            "unreadable-result",
            "The result of `f` could not be read for arrays. It is nested too deeply.",
        ),
    ],
)
def test_every_reply_without_a_value_gets_a_sentence(reply, conclusion, diagnosis, message):
    outcome = explain(reply, "f", "for arrays")
    assert (outcome.conclusion, outcome.diagnosis, outcome.fraction) == (conclusion, diagnosis, 0.0)
    assert outcome.message == message


def test_what_a_student_wrote_is_cut_and_put_on_one_line():
    outcome = explain(Raised("ValueError" * 100, "a\nb" * 1000, "x" * 1000), "f")
    assert len(outcome.message) < 1_100
    assert "\n" not in outcome.message


def test_shares_add_up_and_say_which_are_right():
    wrong = Outcome(Conclusion.FAILED, 0.0, "The sign is wrong.", "minus-sign", "staff")
    outcome = combine([Share(0.5, "weights", wrong), Share(0.5, "biases", PASSED)])
    assert (outcome.conclusion, outcome.fraction, outcome.diagnosis) == (Conclusion.PARTIAL, 0.5, "minus-sign")
    assert outcome.message == "Right: biases. Wrong: weights. The sign is wrong."
    assert outcome.staff == "weights: staff"


def test_what_holds_for_every_share_is_said_once():
    missing = Outcome(Conclusion.MISSING, 0.0, "The notebook defines no `f`.")
    outcome = combine([Share(0.5, "weights", missing), Share(0.5, "biases", missing)])
    assert (outcome.conclusion, outcome.fraction) == (Conclusion.MISSING, 0.0)
    assert outcome.message == "The notebook defines no `f`."
    assert combine([Share(0.5, "weights", PASSED), Share(0.5, "biases", PASSED)]) == PASSED


def test_marked_functions_are_found_by_their_keys():
    module = ModuleType("checks")

    @check("a")
    def first(ask):
        return PASSED

    module.first, module.other = first, lambda ask: PASSED
    assert checks_of(module) == {"a": first}
