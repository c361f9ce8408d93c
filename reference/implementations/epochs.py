"""One pass over batches, training or measuring, and the mistakes that are made in such loops.

The model that the checks send through a student's loop is linear, with scores twice as large in training mode: so a
forgotten mode is seen in the numbers. Its steps are plain gradient descent on the cross-entropy, averaged over each
batch. Results are the loss and the accuracy, both averaged over the batches, and the weights and biases at the end.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reference.implementations.accuracies import accuracy
from reference.implementations.image_networks import log_softmax
from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]
Accuracy: TypeAlias = Callable[[Floats, Labels], float]
Results: TypeAlias = list[Floats]

TRAINING_SCALE = 2.0


def other_accuracy(scores: Floats, labels: Labels) -> float:
    """Stands in for the student's own, so that a mistake there does not count twice."""
    return float(np.mean(scores[:, 0] > 0.3 * labels))


def mean(values: Floats, sizes: Floats) -> float:
    return float(values.mean())


def train(
    weight: Floats,
    bias: Floats,
    x: Floats,
    y: Labels,
    batch: int,
    rate: float,
    *,
    measure: Accuracy = accuracy,
    scale: float = TRAINING_SCALE,
    piled: bool = False,
    steps: bool = True,
    average: Callable[[Floats, Floats], float] = mean,
    exchanged: bool = False,
) -> Results:
    """Loss, accuracy, weight (classes, inputs) and bias (classes,) after one pass; x (n, inputs), y (n,).

    `piled` keeps the gradients of earlier batches; `average` takes values and sizes of the batches.
    """
    weight, bias = weight.copy(), bias.copy()
    slope, offset = np.zeros_like(weight), np.zeros_like(bias)
    losses, shares, sizes = [], [], []
    for start in range(0, len(x), batch):
        rows, labels = x[start : start + batch], y[start : start + batch]
        scores = scale * (rows @ weight.T + bias)
        logs = log_softmax(scores)
        losses.append(-float(np.mean(logs[np.arange(len(labels)), labels])))
        shares.append(measure(scores, labels))
        sizes.append(len(labels))
        error = scale * (np.exp(logs) - np.eye(len(bias))[labels]) / len(labels)
        slope = error.T @ rows + (slope if piled else 0.0)
        offset = error.sum(axis=0) + (offset if piled else 0.0)
        if steps:
            weight, bias = weight - rate * slope, bias - rate * offset
    results = [average(np.array(values), np.array(sizes, dtype=np.float64)) for values in (losses, shares)]
    if exchanged:
        results.reverse()
    return [np.array(results[0]), np.array(results[1]), weight, bias]


def evaluate(weight: Floats, bias: Floats, x: Floats, y: Labels, batch: int, **options: object) -> Results:
    """Loss and accuracy of one pass without steps, in evaluation mode."""
    settings: dict[str, object] = {"scale": 1.0, **options}
    return train(weight, bias, x, y, batch, 0.0, steps=False, **settings)[:2]  # type: ignore[arg-type]


def _weighted(values: Floats, sizes: Floats) -> float:
    return float(np.average(values, weights=sizes))


_AVERAGES = (
    (
        "sum-for-mean",
        "Loss and accuracy are summed over the batches; their mean is asked.",
        lambda values, sizes: float(values.sum()),
    ),
    (
        "mean-over-examples",
        "Batches count by their size; the task asks for the mean over the batches, in which a smaller last batch "
        "counts like the others.",
        _weighted,
    ),
    (
        "divided-by-examples",
        "The sums over the batches are divided by the number of examples, not of batches.",
        lambda values, sizes: float(values.sum() / sizes.sum()),
    ),
    ("last-batch", "Loss and accuracy are those of the last batch alone.", lambda values, sizes: float(values[-1])),
)


def train_mistakes(measure: Accuracy = accuracy) -> tuple[Misconception, ...]:
    def wrong(**options: object) -> Callable[..., Results]:
        return functools.partial(train, measure=measure, **options)  # type: ignore[arg-type]

    return (
        Misconception(
            "gradients-pile-up",
            "The gradients of earlier batches are still there at the next step: set them to zero for each batch.",
            wrong(piled=True),
        ),
        Misconception(
            "no-step",
            "The weights do not change: no step is taken, or the gradients are set to zero just before it.",
            wrong(steps=False),
        ),
        Misconception(
            "evaluation-mode",
            "The model is not put into training mode.",
            wrong(scale=1.0),
        ),
        Misconception("exchanged", "Accuracy and loss are returned in exchanged places.", wrong(exchanged=True)),
        *(Misconception(key, sentence, wrong(average=average)) for key, sentence, average in _AVERAGES),
    )


def evaluate_mistakes(measure: Accuracy = accuracy) -> tuple[Misconception, ...]:
    def wrong(**options: object) -> Callable[..., Results]:
        return functools.partial(evaluate, measure=measure, **options)  # type: ignore[arg-type]

    return (
        Misconception("training-mode", "The model is not put into evaluation mode.", wrong(scale=TRAINING_SCALE)),
        Misconception("exchanged", "Accuracy and loss are returned in exchanged places.", wrong(exchanged=True)),
        *(Misconception(key, sentence, wrong(average=average)) for key, sentence, average in _AVERAGES),
    )


ACCURACY = (
    Misconception(
        "count-for-share",
        "The right answers are counted; the share of all answers is asked.",
        lambda scores, labels: float(np.sum(np.argmax(scores, axis=1) == labels)),
    ),
    Misconception(
        "percentage",
        "The result is a percentage; a number from 0 to 1 is asked.",
        lambda scores, labels: 100 * accuracy(scores, labels),
    ),
    Misconception(
        "wrong-share",
        "The result is the share of wrong answers.",
        lambda scores, labels: 1 - accuracy(scores, labels),
    ),
    Misconception(
        "divided-by-classes",
        "The number of right answers is divided by the number of classes.",
        lambda scores, labels: float(np.sum(np.argmax(scores, axis=1) == labels)) / scores.shape[1],
    ),
    Misconception(
        "smallest-score",
        "The class with the smallest score is taken for the answer.",
        lambda scores, labels: float(np.mean(np.argmin(scores, axis=1) == labels)),
    ),
)
