"""The checks of loss 3 pass what is right and name what is wrong, whatever the inputs."""

from __future__ import annotations

from reference.implementations import multiclass_loss
from tests.support.package_runs import assert_named, assert_solution_passes, assert_starter_runs_and_earns_nothing
from tests.support.packages import judge

SLUG = "loss-3-multiclass"


def test_the_solution_passes_on_any_inputs() -> None:
    assert_solution_passes(SLUG)


def test_the_starter_runs_and_earns_nothing() -> None:
    assert_starter_runs_and_earns_nothing(SLUG)


def test_mistakes_in_the_likelihood_are_named() -> None:
    assert_named(SLUG, "compute_likelihood", multiclass_loss.LIKELIHOOD)


def test_mistakes_in_the_negative_log_likelihood_are_named() -> None:
    assert_named(SLUG, "compute_negative_log_likelihood", multiclass_loss.NLL)


def test_twenty_labels_as_in_the_notebook_are_enough_where_no_more_are_asked() -> None:
    given = ""
    loop = "def {}(y_train, lambda_param):\n    value = {}\n    for i in range(20):\n        value {}\n    return value"
    one = "lambda_param[y_train[i], i]"
    likelihood = loop.format("compute_likelihood", "1.0", f"*= {one}")
    nll = loop.format("compute_negative_log_likelihood", "0.0", f"-= np.log({one})")
    outcomes = [judge(SLUG, "compute_likelihood", likelihood, before=given)]
    outcomes += [judge(SLUG, "compute_negative_log_likelihood", nll, before=given)]
    assert [outcome.diagnosis for outcome in outcomes] == ["size-fixed"] * 2
    assert [outcome.fraction for outcome in outcomes] == [1.0, 5 / 11]
    assert judge(SLUG, "compute_likelihood", likelihood.replace("1.0", "1.1"), before=given).fraction == 0
