"""Multi-layer networks: right functions pass on any inputs, and each known mistake is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assignments.outcome import Conclusion
from reference.implementations import multilayer
from reference.misconceptions import Misconception
from tests.support.package_checks import conclude

SLUG = "numpy-networks"
RIGHT = {"lossF": multilayer.lossF, "lossG": multilayer.lossG, "ForwardNN": multilayer.ForwardNN}
KNOWN = (
    [("lossF", known) for known in multilayer.LOSS]
    + [("lossG", known) for known in multilayer.LOSS_GRADIENT]
    + [("ForwardNN", known) for known in multilayer.FORWARD]
)


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("key", RIGHT)
def test_right_functions_pass(key: str, seed: int) -> None:
    assert conclude(SLUG, key, {key: RIGHT[key]}, seed=seed).fraction == 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("key", "known"), KNOWN, ids=lambda value: getattr(value, "key", value))
def test_known_mistakes_are_named(key: str, known: Misconception, seed: int) -> None:
    outcome = conclude(SLUG, key, {key: known.wrong}, seed=seed)
    assert outcome.conclusion is not Conclusion.PASSED
    assert outcome.diagnosis == known.key


def untrained(widths: list[int]) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    pairs = list(zip(widths[1:], widths[:-1], strict=True))
    return {"A": [rng.normal(size=pair) for pair in pairs], "b": [rng.normal(size=(out, 1)) for out, _ in pairs]}


@pytest.mark.parametrize("key", ["trained_network", "deep_network"])
def test_untrained_weights_earn_nothing(key: str) -> None:
    outcome = conclude(SLUG, key, untrained([2, 4, 5, 8, 4, 3]))
    assert (outcome.fraction, outcome.diagnosis) == (0, "not-trained")


@pytest.mark.parametrize(
    ("names", "diagnosis"),
    [
        ({"A": 3, "b": []}, "not-a-list"),
        ({"A": [np.zeros((3, 2))], "b": [np.zeros((2, 1))]}, "wrong-shape"),
        ({"A": [np.zeros((4, 2)), np.zeros((3, 5))], "b": [np.zeros(4), np.zeros(3)]}, "wrong-shape"),
        ({"A": [np.full((3, 2), np.inf)], "b": [np.zeros(3)]}, "nan"),
    ],
)
def test_weights_that_are_none_are_refused(names: dict[str, Any], diagnosis: str) -> None:
    assert conclude(SLUG, "trained_network", names).diagnosis == diagnosis
