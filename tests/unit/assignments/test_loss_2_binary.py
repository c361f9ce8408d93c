"""The checks of loss 2 pass what is right and name what is wrong, whatever the inputs."""

from __future__ import annotations

from reference.implementations import binary_loss
from tests.support.package_runs import assert_named, assert_solution_passes, assert_starter_runs_and_earns_nothing

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
