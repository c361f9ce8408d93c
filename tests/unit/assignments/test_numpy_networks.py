"""Multi-layer networks: right functions pass on any inputs, and each known mistake is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assignments.outcome import Conclusion
from reference.implementations import multilayer
from reference.misconceptions import Misconception
from tests.support.direct_ask import DirectAsk
from tests.support.package_checks import conclude
from tests.support.package_runs import judge

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


SHALLOW, DEEP = [2, 15, 3], [2, 4, 5, 8, 4, 3]


@pytest.mark.parametrize(("key", "widths"), [("trained_network", SHALLOW), ("deep_network", DEEP)])
def test_untrained_weights_earn_nothing(key: str, widths: list[int]) -> None:
    outcome = conclude(SLUG, key, untrained(widths))
    assert (outcome.fraction, outcome.diagnosis) == (0, "not-trained")


@pytest.mark.parametrize(("key", "widths"), [("trained_network", DEEP), ("deep_network", SHALLOW)])
def test_the_network_of_one_exercise_is_no_answer_to_the_other(key: str, widths: list[int]) -> None:
    assert conclude(SLUG, key, untrained(widths)).diagnosis == "wrong-depth"


@pytest.mark.parametrize(
    ("names", "diagnosis"),
    [
        ({"A": 3, "b": []}, "not-a-list"),
        ({"A": [np.zeros((3, 2))], "b": [np.zeros((2, 1))]}, "wrong-shape"),
        ({"A": [np.zeros((4, 2)), np.zeros((3, 5))], "b": [np.zeros(4), np.zeros(3)]}, "wrong-shape"),
        ({"A": [np.full((4, 2), np.inf), np.zeros((3, 4))], "b": [np.zeros(4), np.zeros(3)]}, "nan"),
    ],
)
def test_weights_that_are_none_are_refused(names: dict[str, Any], diagnosis: str) -> None:
    assert conclude(SLUG, "trained_network", names).diagnosis == diagnosis


def slopes(loss: Callable[[], float], array: np.ndarray) -> np.ndarray:
    """The derivatives of the loss by the entries of the array, from changes of them."""
    found = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        before = array[place]
        array[place] = before + 1e-5
        above = loss()
        array[place] = before - 1e-5
        found[place] = (above - loss()) / 2e-5
        array[place] = before
    return found


def test_the_gradient_of_the_loss_from_changes_of_it_earns_half() -> None:
    def lossG(z: np.ndarray, y: np.ndarray) -> np.ndarray:
        z = z.copy()
        return slopes(lambda: float(multilayer.lossF(z, y)), z)

    outcome = conclude(SLUG, "lossG", {"lossG": lossG})
    assert (outcome.fraction, outcome.diagnosis) == (pytest.approx(0.5), "finite-differences")


def test_gradients_of_the_weights_from_changes_of_the_loss_earn_half() -> None:
    ask = DirectAsk([])

    def backward(A: list[np.ndarray], b: list[np.ndarray], X: list[np.ndarray], R: int) -> Any:
        A, b = [a.copy() for a in A], [bias.copy() for bias in b]

        def loss() -> float:
            return float(multilayer.lossF(multilayer.ForwardNN(A, b, X[0], R)[-1], ask.namespace["Y"]))

        return [[slopes(loss, a) for a in A], [slopes(loss, bias) for bias in b]]

    ask.namespace["BackwardNN"] = backward
    outcome = judge(SLUG, "BackwardNN", ask, 0)
    assert (outcome.fraction, outcome.diagnosis) == (pytest.approx(0.5), "finite-differences")
