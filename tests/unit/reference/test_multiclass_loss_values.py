"""The printed numbers of the multiclass loss notebook follow from its formulas and data."""

from __future__ import annotations

import numpy as np
import pytest

from reference.frozen import frozen_values
from reference.implementations import activations, multiclass_loss, shallow_course


def recomputed() -> dict[str, float]:
    model_out = shallow_course.shallow_network(shallow_course.X_TRAIN, shallow_course.multiclass_parameters())
    probabilities = activations.softmax(model_out)
    three = np.array([[0.2], [0.5], [0.3]])
    single = {f"categorical_{k}": float(multiclass_loss.categorical_distribution([k], three)[0]) for k in range(3)}
    labels = shallow_course.Y_MULTICLASS
    return single | {
        "likelihood": multiclass_loss.likelihood(labels, probabilities),
        "negative_log_likelihood": multiclass_loss.negative_log_likelihood(labels, probabilities),
    }


@pytest.mark.parametrize("name", list(frozen_values("multiclass_loss")))
def test_every_frozen_value_is_recomputed_and_rounds_to_what_is_printed(name: str) -> None:
    value = frozen_values("multiclass_loss")[name]
    assert recomputed()[name] == pytest.approx(value.value, rel=1e-12)
    decimals = len(value.printed.partition(".")[2])
    assert f"{value.value:.{decimals}f}" == value.printed


def test_softmax_columns_add_up_to_one_and_survive_large_outputs() -> None:
    probabilities = activations.softmax(np.array([[1000.0, 0.0], [999.0, 1.0], [0.0, -1.0]]))
    assert probabilities.sum(axis=0) == pytest.approx([1.0, 1.0])
    assert probabilities[0, 0] == pytest.approx(1 / (1 + np.exp(-1.0)))
