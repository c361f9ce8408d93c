"""Reading the weights of a deep network out of a notebook, and judging their shape and variance."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from assignments.asking import Ask, Got, Reply
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.replies import explain
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.implementations.initialisation import growth, level_variance, weight_variance
from reference.plain import Plain

MOST_LAYERS = 500
LEVEL = 10.0  # how much the mean square may change through all layers
NEARLY = 1.2  # the variance is right to this factor
SAME_NUMBER = 0.03  # relative; a variance measured from 300,000 weights is off by 0.003


def read_layers(ask: Ask, name: str) -> list[Floats] | Outcome:
    """A list of arrays, or what to say where there is none."""
    reply = ask.read(name)
    return as_layers(reply, name)


def as_layers(reply: Reply, name: str) -> list[Floats] | Outcome:
    if not isinstance(reply, Got):
        return explain(reply, name)
    layers = arrays(reply.value)
    if layers is None:
        return Outcome(Conclusion.FAILED, 0.0, f"`{name}` is no list of arrays of numbers.", "not-a-list")
    return layers


def arrays(value: Plain) -> list[Floats] | None:
    """Each entry as an array with two axes; None where one is none, or holds NaN or infinity."""
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST_LAYERS:
        return None
    layers = [to_numbers(entry) for entry in value]
    found = [layer.array for layer in layers if isinstance(layer, Numbers) and layer.array.ndim == 2]
    if len(found) != len(layers) or not all(np.all(np.isfinite(layer)) for layer in found):
        return None
    return found


def judge_sizes(weights: Sequence[Floats], layers: int, units: int) -> Outcome:
    """Is this a network with so many hidden layers of so many units, one input and one output?"""
    sizes = [1, *[units] * layers, 1]
    if [layer.shape for layer in weights] == [(sizes[k + 1], sizes[k]) for k in range(layers + 1)]:
        return Outcome(Conclusion.PASSED, 1.0, "Correct.")
    widths = {layer.shape[0] for layer in weights[:-1]}
    has = f"{len(weights) - 1} hidden layers"
    has += f" of {widths.pop()} units" if len(widths) == 1 else " of different sizes"
    message = f"The network has {has}; it should have {layers} of {units}."
    return Outcome(Conclusion.FAILED, 0.0, message, "network-size")


def judge_variance(weights: Sequence[Floats], nearly: float) -> Outcome:
    """Do the weights between the hidden layers keep mean squares level? `nearly` is what a variance earns that is
    right to 20 percent."""
    if len(weights) < 4 or len({layer.shape for layer in weights[1:-1]}) != 1:
        return Outcome(Conclusion.FAILED, 0.0, "The weights do not make a deep network.", "network-size")
    units, variance = weights[1].shape[0], weight_variance(weights)
    factor = growth(variance, units)
    if factor > 0 and abs(math.log(factor)) * (len(weights) - 1) < math.log(LEVEL):
        return Outcome(Conclusion.PASSED, 1.0, "Correct.")
    key, sentence = _mistake(variance, units, len(weights) - 1)
    if 1 / NEARLY < factor < NEARLY:
        said = f"The variance of the weights is nearly right, but the values still {_trend(factor)}."
        return Outcome(Conclusion.PARTIAL, nearly, said, "nearly-level")
    message = f"Through the layers the values {_trend(factor)}. {sentence}".strip()
    return Outcome(Conclusion.FAILED, 0.0, message, key)


def _trend(factor: float) -> str:
    return "explode" if factor > 1 else "vanish"


def _mistake(variance: float, units: int, layers: int) -> tuple[str, str]:
    right = level_variance(units)
    known = (
        (1.0, "not-changed", "The variance of the weights is still 1."),
        (right / 2, "relu-factor-missing", "The factor 2 is missing: ReLU sets half of the values to zero."),
        (right * 2, "factor-2", "The variance is twice too large."),
        (math.sqrt(right), "deviation-for-variance", "This is the standard deviation; the variance is its square."),
        (right**2, "squared", "This is the square of the right variance."),
        (2.0 / layers, "layers-for-units", "The number of layers is used; the number of units in a layer counts."),
        (1.0 / layers, "layers-for-units", "The number of layers is used; the number of units in a layer counts."),
        (2.0 / 8, "other-width", "This variance is for 8 units."),
    )
    for value, key, sentence in known:
        if abs(variance - value) <= SAME_NUMBER * value:
            return key, sentence
    return ("exploding" if growth(variance, units) > 1 else "vanishing"), ""
