"""FashionMNIST: networks with weights that the check sets, loops run on small models, a trained network."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from assignments.vocabulary import Ask, Conclusion, FunctionTask, Outcome, Setting, Share, Trial, check, combine
from assignments.vocabulary.dropout import judge_dropout, through_units
from assignments.vocabulary.dropout_verdicts import judge_units
from assignments.vocabulary.image_networks import NetworkTask, judge_network
from assignments.vocabulary.loops import LoopTask, judge_loop
from assignments.vocabulary.probes import as_probe, judge_probe
from assignments.vocabulary.trained_images import Asked, judge_trained
from reference.comparators.modules import Shape
from reference.implementations import epochs, image_networks
from reference.implementations.accuracies import accuracy
from reference.implementations.withheld_images import SIDE, withheld

WHOLE = 28  # pixels that an enlarged digit is wide: FashionMNIST has no margin
DROP = 0.25
# The normalisation of the course for FashionMNIST and for the stand-ins; none; and another that notebooks use.
ASKED = Asked(enough=0.70, half=0.50, ways=((0.2860, 0.3530), (0.3044, 0.3242), (0.0, 1.0), (0.5, 0.5)))
CREDIT = {"softmax-at-output": 0.5, "log-softmax-at-output": 0.8, "sigmoid-at-output": 0.5, "relu-missing": 0.4}
IMAGES: tuple[Shape, ...] = ((1, 6, 6), (1, SIDE, SIDE), (1, 4, 5))

ACCURACY = """
def _probe(scores, labels):
    import __main__, torch
    return __main__.calculate_accuracy(torch.tensor(scores), torch.tensor(labels))
"""


def shapes(inputs: int, outputs: int, hidden: int = 250) -> tuple[Shape, ...]:
    return image_networks.layer_shapes((hidden, inputs), (100, hidden), (outputs, 100))


def perceptron(name: str) -> NetworkTask:
    return NetworkTask(
        name=name,
        make=f"__main__.{name}(*sizes)",
        layers=("input_fc", "hidden_fc", "output_fc"),
        shapes=shapes,
        reference=image_networks.perceptron,
        misconceptions=image_networks.PERCEPTRON,
        credit=CREDIT,
    )


@check("MLP")
def mlp(ask: Ask) -> Outcome:
    return judge_network(ask, perceptron("MLP"), IMAGES, [(36, 7), (784, 10), (20, 4)])


@check("SizedMLP")
def sized(ask: Ask) -> Outcome:
    odd = int(ask.rng.integers(11, 40))
    return judge_network(ask, perceptron("SizedMLP"), IMAGES, [(36, 7, 64), (784, 10, 256), (20, 4, odd)])


@check("DropoutMLP")
def dropout(ask: Ask) -> Outcome:
    task = perceptron("DropoutMLP")
    outputs = judge_network(ask, task, IMAGES[:2], [(36, 7), (784, 10)])
    if outputs.conclusion in {Conclusion.MISSING, Conclusion.ERROR, Conclusion.TIMEOUT}:
        return outputs
    straight = through_units(ask.rng, shapes(36, 12))
    judge = functools.partial(judge_units, drop=DROP)
    masks = judge_dropout(ask, task, straight, (1, 6, 6), judge, (36, 12))
    if outputs.conclusion is Conclusion.PASSED:
        return masks
    return combine([Share(0.5, "the outputs in evaluation mode", outputs), Share(0.5, "the dropout", masks)])


@check("calculate_accuracy")
def calculate_accuracy(ask: Ask) -> Outcome:
    shown = "calculate_accuracy(y_pred, y)"
    task = FunctionTask(
        function=shown,
        parameters=(),
        reference=accuracy,
        misconceptions=epochs.ACCURACY,
        placeholder=0.0,
        settings=(Setting(given=as_probe(shown, ACCURACY)),),
    )
    trials = [Trial(scored(ask.rng, n, classes), count=n) for n, classes in ((11, 3), (40, 10), (23, 4), (64, 7))]
    return judge_probe(ask, ["calculate_accuracy"], task, trials)


@check("train")
def train(ask: Ask) -> Outcome:
    task = LoopTask(
        name="train",
        arguments="model, iterator, optimizer, criterion, device",
        reference=epochs.train,
        misconceptions=epochs.train_mistakes,
        begins_in_training=False,
        groups=(("the weights after the pass", 0.5, (2, 3)), ("the loss", 0.25, (0,)), ("the accuracy", 0.25, (1,))),
        credit={"gradients-pile-up": 0.5, "evaluation-mode": 0.5, "mean-over-examples": 0.8},
    )
    return judge_loop(ask, task, [(*small_model(ask.rng), rate) for rate in ask.rng.uniform(0.4, 1.2, size=4)])


@check("evaluate")
def evaluate(ask: Ask) -> Outcome:
    task = LoopTask(
        name="evaluate",
        arguments="model, iterator, criterion, device",
        reference=epochs.evaluate,
        misconceptions=epochs.evaluate_mistakes,
        begins_in_training=True,
        groups=(("loss and accuracy", 1.0, (0, 1)),),
        credit={"exchanged": 0.5, "sum-for-mean": 0.5, "mean-over-examples": 0.8, "training-mode": 0.4},
    )
    return judge_loop(ask, task, [small_model(ask.rng) for _ in range(4)])


@check("model")
def model(ask: Ask) -> Outcome:
    images = withheld(Path(__file__).parent, ask.rng, WHOLE)
    return judge_trained(ask, "model", perceptron("MLP"), images, ASKED, (784, 10))


def scored(rng: np.random.Generator, n: int, classes: int) -> tuple[Any, Any]:
    """Scores of which about half are right, and the labels."""
    labels = rng.integers(0, classes, size=n)
    scores = rng.normal(size=(n, classes))
    scores[np.arange(n), labels] += 1.2
    return scores, labels


def small_model(rng: np.random.Generator) -> tuple[Any, ...]:
    """Weight, bias, x, y and the size of the batches, the last of which is smaller."""
    classes, inputs, batch = (int(rng.integers(low, high)) for low, high in ((3, 6), (3, 7), (5, 9)))
    n = batch * int(rng.integers(3, 6)) + int(rng.integers(1, batch - 1))
    x = rng.normal(size=(n, inputs))
    y = np.argmax(x @ rng.normal(size=(inputs, classes)) + rng.normal(size=(n, classes)), axis=1)
    return rng.normal(size=(classes, inputs)), rng.normal(size=classes), x, y, batch
