"""FashionMNIST: right networks and loops pass on any data, and each known mistake is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assignments.outcome import Outcome
from reference.implementations import accuracies, activations, epochs, image_networks
from reference.misconceptions import Misconception
from tests.support.numpy_networks import ProbedNetworks
from tests.support.packages import check

SLUG = "fashion-mnist-mlp"
RUNS = range(8)


def shapes(inputs: int, outputs: int, hidden: int = 250) -> list[list[int]]:
    wanted = image_networks.layer_shapes((hidden, inputs), (100, hidden), (outputs, 100))
    return [list(shape) for shape in wanted]


def outputs(name: str, network: Callable[..., Any], seed: int) -> Outcome:
    probes = {
        f"{name}(…)": shapes,
        f"{name}(…)(images)": lambda images, weights, *_: network(images, weights).astype(np.float32),
    }
    return check(SLUG, name)(ProbedNetworks(probes, (name,), seed))


@pytest.mark.parametrize("seed", RUNS)
@pytest.mark.parametrize("name", ["MLP", "SizedMLP"])
def test_a_right_network_passes(name: str, seed: int) -> None:
    assert outputs(name, image_networks.perceptron, seed).fraction == 1


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("known", image_networks.PERCEPTRON, ids=lambda known: known.key)
def test_wrong_networks_are_named(known: Misconception, seed: int) -> None:
    outcome = outputs("MLP", known.wrong, seed)
    assert outcome.fraction < 1
    assert outcome.diagnosis == known.key


def accuracy(function: Callable[..., Any], seed: int) -> Outcome:
    ask = ProbedNetworks({"calculate_accuracy(y_pred, y)": function}, ("calculate_accuracy",), seed)
    return check(SLUG, "calculate_accuracy")(ask)


@pytest.mark.parametrize("seed", RUNS)
def test_accuracies(seed: int) -> None:
    assert accuracy(accuracies.accuracy, seed).fraction == 1
    for known in epochs.ACCURACY:
        outcome = accuracy(known.wrong, seed)
        assert (outcome.fraction, outcome.diagnosis) == (0, known.key)


class Loops(ProbedNetworks):
    """`loop` gives loss, accuracy and the weights; it is told whether the accuracy is the student's or the stand-in."""

    def __init__(self, name: str, arguments: str, loop: Callable[..., Any], seed: int) -> None:
        super().__init__({f"{name}({arguments})": loop}, (name,), seed)
        self.loop = loop

    def _call(self, call: Any) -> Any:
        measure = epochs.other_accuracy if "def calculate_accuracy" in call.given else accuracies.accuracy
        self.probes[call.function] = lambda *arguments: self.answer(arguments, measure)
        return super()._call(call)

    def answer(self, arguments: tuple[Any, ...], measure: epochs.Accuracy) -> Any:
        values = self.loop(*arguments, measure=measure)
        pair = (float(values[0]), float(values[1]))
        return pair, *(values[2:] or arguments[:2])


def loop(name: str, function: Callable[..., Any], seed: int) -> Outcome:
    optimizer = "optimizer, " if name == "train" else ""
    return check(SLUG, name)(Loops(name, f"model, iterator, {optimizer}criterion, device", function, seed))


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("name", ["train", "evaluate"])
def test_a_right_loop_passes(name: str, seed: int) -> None:
    assert loop(name, getattr(epochs, name), seed).fraction == 1


MISTAKES = [
    *(("train", known) for known in epochs.train_mistakes()),
    *(("evaluate", known) for known in epochs.evaluate_mistakes()),
]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("name", "known"), MISTAKES, ids=lambda value: getattr(value, "key", value))
def test_each_mistake_of_a_loop_is_named(name: str, known: Misconception, seed: int) -> None:
    def wrong(*arguments: Any, measure: epochs.Accuracy) -> Any:
        return known.wrong(*arguments, measure=measure)

    outcome = loop(name, wrong, seed)
    assert outcome.fraction < 1
    assert outcome.diagnosis == known.key


@pytest.mark.parametrize("seed", RUNS)
@pytest.mark.parametrize("name", ["train", "evaluate"])
def test_a_wrong_accuracy_does_not_count_in_the_loops(name: str, seed: int) -> None:
    def with_wrong_accuracy(*arguments: Any, measure: epochs.Accuracy) -> Any:
        counted = epochs.ACCURACY[0].wrong if measure is accuracies.accuracy else measure
        return getattr(epochs, name)(*arguments, measure=counted)

    outcome = loop(name, with_wrong_accuracy, seed)
    assert outcome.fraction == 1
    assert "in place of your `calculate_accuracy`" in outcome.message


def dropped(first: float, second: float, *, evaluating: bool = False) -> tuple[dict[str, Any], tuple[str, ...]]:
    def training(picture: np.ndarray, copies: int, weights: list[np.ndarray], *_: int) -> Any:
        rng = np.random.default_rng(int(abs(picture.sum()) * 1e4))
        x = np.repeat(picture.reshape(1, -1), copies, axis=0).astype(float)
        for k, rate in ((0, first), (2, second)):
            x = activations.relu(x @ weights[k].T + weights[k + 1])
            x = x * (rng.random(x.shape) >= rate) / (1 - rate)
        return x @ weights[4].T + weights[5]

    def outputs(images: np.ndarray, weights: Any, *_: int) -> Any:
        scale = np.random.default_rng(0).uniform(size=(len(images), 1, 1, 1)) if evaluating else 1.0
        return image_networks.perceptron(images * scale, weights)

    probes = {
        "DropoutMLP(…)": shapes,
        "DropoutMLP(…)(images)": outputs,
        "DropoutMLP(…)(images) in training mode": training,
    }
    return probes, ("DropoutMLP",)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("places", "fraction", "diagnosis"),
    [
        (dropped(0.25, 0.0), 1.0, None),
        (dropped(0.0, 0.25), 1.0, None),
        (dropped(0.25, 0.25), 0.5, "second-dropout"),
        (dropped(0.5, 0.0), 0.5, "other-rate"),
        (dropped(0.0, 0.0), 0.0, "no-dropout"),
        (dropped(0.25, 0.0, evaluating=True), 0.5, "dropout-in-evaluation"),
    ],
    ids=["first layer", "second layer", "both", "one half", "none", "always on"],
)
def test_dropout_is_judged_by_its_masks(places: Any, fraction: float, diagnosis: str | None, seed: int) -> None:
    outcome = check(SLUG, "DropoutMLP")(ProbedNetworks(*places, seed))
    assert (outcome.fraction, outcome.diagnosis) == (fraction, diagnosis)
