"""The printed numbers of the binary loss notebook follow from its formulas and data."""

from __future__ import annotations

import numpy as np
import pytest

from reference.frozen import frozen_values
from reference.implementations import activations, binary_loss, shallow_course


def recomputed() -> dict[str, float]:
    model_out = shallow_course.shallow_network(shallow_course.X_TRAIN, shallow_course.binary_parameters())
    probabilities = activations.sigmoid(model_out)
    return {
        "bernoulli_0": float(binary_loss.bernoulli_distribution(0, 0.2)),
        "bernoulli_1": float(binary_loss.bernoulli_distribution(1, 0.2)),
        "likelihood": binary_loss.likelihood(shallow_course.Y_BINARY, probabilities),
        "negative_log_likelihood": binary_loss.negative_log_likelihood(shallow_course.Y_BINARY, probabilities),
    }


@pytest.mark.parametrize("name", list(frozen_values("binary_loss")))
def test_every_frozen_value_is_recomputed_and_rounds_to_what_is_printed(name: str) -> None:
    value = frozen_values("binary_loss")[name]
    assert recomputed()[name] == pytest.approx(value.value, rel=1e-12)
    decimals = len(value.printed.partition(".")[2])
    assert f"{value.value:.{decimals}f}" == value.printed


def test_the_sigmoid_of_opposite_outputs_adds_up_to_one() -> None:
    z = np.linspace(-5, 5, 11)
    assert activations.sigmoid(z) + activations.sigmoid(-z) == pytest.approx(np.ones(11))


def test_the_distribution_is_its_formula_with_powers() -> None:
    y, p = np.array([0, 1, 1, 0]), np.array([0.1, 0.3, 0.8, 0.6])
    assert binary_loss.bernoulli_distribution(y, p) == pytest.approx((1 - p) ** (1 - y) * p**y)
