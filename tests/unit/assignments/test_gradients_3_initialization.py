"""The checks of gradients 3 judge the weights that were drawn, whatever the random numbers."""

from __future__ import annotations

import numpy as np
import pytest

from reference.implementations import initialisation
from tests.support.direct_ask import DirectAsk
from tests.support.package_runs import assert_starter_runs_and_earns_nothing, judge, package

SLUG = "gradients-3-initialization"


def notebook(seed: int, variance: float, layers: int = 50, units: int = 80) -> DirectAsk:
    """Both passes with weights of this seed."""
    rng = np.random.default_rng(seed)
    weights = initialisation.draw_weights(rng, layers, units, variance)
    ask = DirectAsk([])
    signs = rng.normal(size=20)
    sides = {sign: initialisation.derivative_directions(weights, sign) for sign in (1.0, -1.0)}
    gradients = [
        np.hstack([abs(s) * 3 * sides[float(np.sign(s))][k] for s in signs]) if 0 < k < layers else None
        for k in range(layers + 1)
    ]
    ask.namespace.update(
        all_weights=weights,
        all_h=initialisation.activations(weights, rng.normal(size=(1, 20))),
        aggregate_dl_df=gradients,
    )
    return ask


def test_the_solution_runs_and_its_backward_half_passes_at_the_end() -> None:
    ask = DirectAsk.of_notebook(package(SLUG).package.solution_bytes())
    assert not ask.errors
    assert judge(SLUG, "backward_pass", ask, 0).fraction == 1


def test_the_starter_runs_and_earns_nothing() -> None:
    assert_starter_runs_and_earns_nothing(SLUG, runs=1)


@pytest.mark.parametrize("key", ["forward_pass", "backward_pass"])
def test_level_weights_pass_for_every_seed(key: str) -> None:
    for seed in range(100):
        assert judge(SLUG, key, notebook(seed, 2 / 80), 0).fraction == 1


@pytest.mark.parametrize("key", ["forward_pass", "backward_pass"])
@pytest.mark.parametrize(
    ("variance", "fraction", "diagnosis"),
    [
        (1.0, 0.5, "not-changed"),
        (1 / 80, 0.5, "relu-factor-missing"),
        (4 / 80, 0.5, "factor-2"),
        ((2 / 80) ** 0.5, 0.5, "deviation-for-variance"),
        (2 / 50, 0.5, "layers-for-units"),
        (2 / 8, 0.5, "other-width"),
        (0.0225, 0.7, "nearly-level"),
        (0.0278, 0.7, "nearly-level"),
        (0.1, 0.5, "exploding"),
        (0.004, 0.5, "vanishing"),
    ],
)
def test_other_variances_are_named_for_every_seed(key: str, variance: float, fraction: float, diagnosis: str) -> None:
    for seed in range(10):
        outcome = judge(SLUG, key, notebook(seed, variance), 0)
        assert outcome.fraction == pytest.approx(fraction), outcome
        assert outcome.diagnosis == diagnosis, outcome


def test_values_that_do_not_follow_from_the_weights_do_not_count() -> None:
    for seed in range(10):
        ask = notebook(seed, 2 / 80)
        ask.namespace["all_h"][20] = ask.namespace["all_h"][20] * 1.01
        ask.namespace["aggregate_dl_df"][20] = ask.namespace["aggregate_dl_df"][20] * 1.01
        assert judge(SLUG, "forward_pass", ask, 0).diagnosis == "not-run"
        assert judge(SLUG, "backward_pass", ask, 0).diagnosis == "not-run"


@pytest.mark.parametrize("constant", [0.0, 1.0, 0.1])
@pytest.mark.parametrize("key", ["forward_pass", "backward_pass"])
def test_constants_earn_nothing_wherever_they_stand(key: str, constant: float) -> None:
    ask = notebook(0, 2 / 80)
    weights = [np.full_like(layer, constant) for layer in ask.namespace["all_weights"]]
    ask.namespace.update(
        all_weights=weights,
        all_h=initialisation.activations(weights, np.full((1, 20), constant)),
        aggregate_dl_df=[None, *[np.full((80, 20), constant) for _ in range(49)], None],
    )
    assert judge(SLUG, key, ask, 0).fraction == 0


def test_activations_of_zeros_earn_nothing() -> None:
    for seed in range(5):
        ask = notebook(seed, 2 / 80)
        for constant in (0.0, 1.0):
            net_input = np.full((1, 20), constant)
            ask.namespace["all_h"] = initialisation.activations(ask.namespace["all_weights"], net_input)
            outcome = judge(SLUG, "forward_pass", ask, 0)
            assert (outcome.fraction, outcome.diagnosis) == (0.7, "input-not-drawn")
        ask.namespace["all_h"] = [np.zeros_like(layer) for layer in ask.namespace["all_h"]]
        assert judge(SLUG, "forward_pass", ask, 0).fraction == pytest.approx(0.7)


@pytest.mark.parametrize("key", ["forward_pass", "backward_pass"])
@pytest.mark.parametrize("units", [79, 40])
def test_weights_of_another_network_than_what_was_run_break_no_check(key: str, units: int) -> None:
    ask = notebook(0, 2 / 80)
    ask.namespace["all_weights"] = notebook(1, 2 / units, units=units).namespace["all_weights"]
    assert judge(SLUG, key, ask, 0).fraction < 1
    weights = notebook(1, 2 / 80).namespace["all_weights"]
    ask.namespace["all_weights"] = [*weights[:20], weights[20][:, :units], *weights[21:]]
    assert judge(SLUG, key, ask, 0).fraction < 1
    ask.namespace["all_weights"] = weights[1:]
    assert judge(SLUG, key, ask, 0).fraction < 1
