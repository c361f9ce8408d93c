"""The checks of loss 2 pass what is right and name what is wrong, whatever the inputs."""

from __future__ import annotations

from reference.implementations import binary_loss
from tests.support.package_runs import assert_named, assert_solution_passes, assert_starter_runs_and_earns_nothing
from tests.support.packages import judge

SLUG = "loss-2-binary"


def test_the_solution_passes_on_any_inputs() -> None:
    assert_solution_passes(SLUG)


def test_the_starter_runs_and_earns_nothing() -> None:
    assert_starter_runs_and_earns_nothing(SLUG)


def test_mistakes_in_the_sigmoid_are_named() -> None:
    assert_named(SLUG, "sigmoid", binary_loss.SIGMOID)


def test_mistakes_in_the_distribution_are_named() -> None:
    assert_named(SLUG, "bernoulli_distribution", binary_loss.BERNOULLI)


def test_mistakes_in_the_likelihood_are_named() -> None:
    assert_named(SLUG, "compute_likelihood", binary_loss.likelihood_misconceptions())


def test_mistakes_in_the_negative_log_likelihood_are_named() -> None:
    assert_named(SLUG, "compute_negative_log_likelihood", binary_loss.nll_misconceptions())


def test_twenty_labels_as_in_the_notebook_are_enough_where_no_more_are_asked() -> None:
    given = "def bernoulli_distribution(y, p):\n    return (1 - p) ** (1 - y) * p ** y"
    loop = "def {}(y_train, lambda_param):\n    value = {}\n    for i in range(20):\n        value {}\n    return value"
    one = "bernoulli_distribution(y_train[i], lambda_param[0, i])"
    likelihood = loop.format("compute_likelihood", "1.0", f"*= {one}")
    nll = loop.format("compute_negative_log_likelihood", "0.0", f"-= np.log({one})")
    outcomes = [judge(SLUG, "compute_likelihood", likelihood, before=given)]
    outcomes += [judge(SLUG, "compute_negative_log_likelihood", nll, before=given)]
    assert [outcome.diagnosis for outcome in outcomes] == ["size-fixed"] * 2
    assert [outcome.fraction for outcome in outcomes] == [1.0, 0.5]
    assert judge(SLUG, "compute_likelihood", likelihood.replace("1.0", "1.1"), before=given).fraction == 0
