"""Dropout in a network of the student's: on in training, with the right rate, in the right place.

The check draws weights that send single hidden units straight through to single scores, and reads from many copies of
one image which of them were dropped. What comes back are numbers like any others: a network that draws no masks cannot
give them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assignments.asking import Ask, Call, Got
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.image_networks import NetworkTask, wrong_layers
from assignments.vocabulary.probes import as_probe, failed, missing_name, no_value
from reference.comparators.masks import Masks, read_masks
from reference.comparators.modules import Shape
from reference.comparators.numbers import Floats, Numbers, to_numbers

COPIES = 400
PAIRS = 4
SCORES = 2 * PAIRS

_TRAINING = """
def _probe(image, copies, weights, *sizes):
    import torch
    network = _fill(_make(*sizes), weights, NAMES)
    network.train()
    with torch.no_grad():
        return network(torch.as_tensor(image, dtype=torch.float32).repeat(copies, *[1] * (image.ndim - 1)))
"""


@dataclass(frozen=True, eq=False)
class Straight:
    """Weights under which score `scores[i]` is `sizes[i]` while nothing is dropped, and score `zero` is 0."""

    weights: list[Floats]
    scores: Sequence[int]
    sizes: Floats
    zero: int


def judge_dropout(
    ask: Ask,
    task: NetworkTask,
    straight: Straight,
    image: Shape,
    judge: Callable[[Masks], Outcome],
    sizes: tuple[int, ...] = (),
) -> Outcome:
    """`judge` concludes from the masks of COPIES copies of one drawn image."""
    problem = missing_name(ask, [task.name]) or wrong_layers(ask, task, (sizes,))
    if problem is not None:
        return problem
    shown = f"{task.name}({'…' if sizes else ''})(images) in training mode"
    picture = ask.rng.normal(size=(1, *image)).astype(np.float32)
    call = Call(shown, (picture, COPIES, straight.weights, *sizes), given=as_probe(shown, task.source(_TRAINING)))  # type: ignore[arg-type]
    replies = ask.calls([call])
    stopped = no_value(replies, shown)
    if stopped is not None:
        return stopped
    numbers = to_numbers(replies[0].value) if isinstance(replies[0], Got) else None
    classes = len(straight.weights[-1])
    if not isinstance(numbers, Numbers) or numbers.array.shape != (COPIES, classes):
        return failed(f"`{shown}` does not give {classes} scores for every image.", "wrong-shape")
    if not np.all(np.isfinite(numbers.array)):
        return failed(f"`{shown}` gives NaN or infinity.", "nan")
    if np.all(np.ptp(numbers.array, axis=1) == 0):
        return failed(f"All scores of `{shown}` are the same, whatever the weights are.", "constant")
    values = _scores(numbers.array, straight) / straight.sizes
    if np.allclose(values, 1.0, atol=2e-3):
        message = f"In training mode `{task.name}` drops nothing: the same image always gives the same scores."
        return failed(message, "no-dropout")
    return judge(read_masks(values))


def _scores(outputs: Floats, straight: Straight) -> Floats:
    """The chosen scores before whatever softmax the network takes, right or wrong: that is another check's."""
    if np.all(outputs > 0) and np.allclose(outputs.sum(axis=1), 1.0, atol=1e-3):
        outputs = np.log(outputs)
    if np.allclose(np.exp(np.minimum(outputs, 1.0)).sum(axis=0), 1.0, atol=1e-3):
        # Taken over the images: each score is moved by an amount of its own, and is 0 for the images that drop it.
        return np.asarray((outputs - outputs.min(axis=0))[:, straight.scores], dtype=np.float64)
    return np.asarray(outputs[:, straight.scores] - outputs[:, [straight.zero]], dtype=np.float64)


def through_channels(rng: np.random.Generator, shapes: Sequence[Shape]) -> Straight:
    """For two convolutions and two fully connected layers: score i and score i + PAIRS hang on the same channel of the
    second convolution, through a hidden unit each. The channels are constant, whatever the image shows."""
    weights = [np.zeros(shape) for shape in shapes]
    channels = rng.permutation(shapes[2][0])[:PAIRS]
    units = rng.permutation(shapes[4][0])[:SCORES]
    scores = rng.permutation(shapes[6][0])
    heights = rng.uniform(0.8, 1.6, size=PAIRS)
    weights[3][channels] = heights
    pixels = shapes[4][1] // shapes[2][0]
    for i in range(SCORES):
        first = int(channels[i % PAIRS]) * pixels
        weights[4][units[i], first : first + pixels] = 1.0 / pixels
        weights[6][scores[i], units[i]] = 1.0
    return Straight(weights, [int(s) for s in scores[:SCORES]], np.tile(heights, 2), int(scores[SCORES]))


def through_units(rng: np.random.Generator, shapes: Sequence[Shape]) -> Straight:
    """The same for three fully connected layers; pairs hang on the same unit of the first hidden layer."""
    weights = [np.zeros(shape) for shape in shapes]
    first = rng.permutation(shapes[0][0])[:PAIRS]
    second = rng.permutation(shapes[2][0])[:SCORES]
    scores = rng.permutation(shapes[4][0])
    heights = rng.uniform(0.8, 1.6, size=PAIRS)
    weights[1][first] = heights
    for i in range(SCORES):
        weights[2][second[i], first[i % PAIRS]] = 1.0
        weights[4][scores[i], second[i]] = 1.0
    return Straight(weights, [int(s) for s in scores[:SCORES]], np.tile(heights, 2), int(scores[SCORES]))


def passed() -> Outcome:
    return Outcome(Conclusion.PASSED, 1.0, "Correct.")


def partial(fraction: float, message: str, diagnosis: str) -> Outcome:
    return Outcome(Conclusion.PARTIAL, fraction, message, diagnosis)
