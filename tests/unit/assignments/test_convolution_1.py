"""Convolution 1: whatever the inputs are, the right functions pass and each known mistake is named."""

from __future__ import annotations

import numpy as np
import pytest

from assignments.outcome import Conclusion
from reference.implementations import convolution
from reference.misconceptions import Misconception
from tests.support.package_checks import conclude

SLUG = "convolution-1"
STRIDED = {
    "conv_numpy_2": convolution.COMMON,
    "conv_numpy_3": (*convolution.COMMON, *convolution.CHANNELS),
    "conv_numpy_4": (*convolution.BATCH, *convolution.COMMON, *convolution.CHANNELS),
}
KNOWN = [("conv_numpy_1", known) for known in convolution.unstrided(convolution.COMMON)] + [
    (key, known) for key, all_known in STRIDED.items() for known in convolution.with_defaults(all_known)
]


@pytest.mark.parametrize("seed", range(20))
def test_right_functions_pass(seed: int) -> None:
    assert conclude(SLUG, "conv_numpy_1", {"conv_numpy_1": convolution.convolve_padded}, seed=seed).fraction == 1
    for key in STRIDED:
        assert conclude(SLUG, key, {key: convolution.convolve}, seed=seed).fraction == 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("key", "known"), KNOWN, ids=lambda value: getattr(value, "key", value))
def test_known_mistakes_are_named(key: str, known: Misconception, seed: int) -> None:
    outcome = conclude(SLUG, key, {key: known.wrong}, seed=seed)
    assert outcome.conclusion is not Conclusion.PASSED
    assert outcome.diagnosis == known.key


def test_results_in_single_precision_pass() -> None:
    def single(*arguments: object) -> np.ndarray:
        return convolution.convolve(*arguments).astype(np.float32)  # type: ignore[arg-type]

    assert conclude(SLUG, "conv_numpy_4", {"conv_numpy_4": single}).fraction == 1


def test_a_small_error_does_not_pass() -> None:
    def off(*arguments: object) -> np.ndarray:
        return convolution.convolve(*arguments) * 1.001  # type: ignore[arg-type]

    assert conclude(SLUG, "conv_numpy_4", {"conv_numpy_4": off}).fraction == 0
