"""A network that the notebook trained, measured on images whose labels it never gets."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assignments.asking import Ask, Call, Got
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.image_networks import NetworkTask
from assignments.vocabulary.probes import as_probe, failed, missing_name, no_value
from reference.comparators.modules import Shape
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.implementations.withheld_images import Labelled
from reference.plain import Plain

CLASSES = 10
MOST_ARRAYS = 100
LOOKED_AT = 40  # images on which the network's own layers are computed here
AGREES = 0.01  # of the largest output; single precision, and values of order ten

# Real notebooks normalise in their own ways; the one that serves the network best counts.
_PREDICTIONS = """
def _probe(images, ways):
    import __main__, torch
    network = __main__.TRAINED
    modules = list(network.modules())
    before = [module.training for module in modules]
    network.eval()
    try:
        with torch.no_grad():
            parameters = list(network.parameters())
            x = torch.as_tensor(images, dtype=torch.float32)
            if parameters:
                x = x.to(parameters[0].device)
            outputs = torch.stack([network((x - mean) / std).cpu() for mean, std in ways])
    finally:
        for module, training in zip(modules, before):
            module.training = training
    return outputs, [p.detach().cpu() for p in parameters], type(network).__name__
"""


@dataclass(frozen=True)
class Asked:
    """`enough` and `half` are shares of right answers. `ways` are the means and deviations by which notebooks
    normalise pixels from 0 to 1."""

    enough: float
    half: float
    ways: Sequence[tuple[float, float]]


def judge_trained(
    ask: Ask, variable: str, task: NetworkTask, withheld: Labelled, asked: Asked, sizes: tuple[int, ...] = ()
) -> Outcome:
    """All points for `asked.enough` right answers, half of them for `asked.half`. `sizes`: arguments of the class.

    A `variable` that gives outputs which its layers do not explain (neither as the task asks nor with a known mistake,
    which the check of the class judges) earns half at most, and nothing where it is of another class.
    """
    gone = missing_name(ask, [variable])
    if gone is not None:
        return gone
    shown = f"{variable}(images)"
    given = as_probe(shown, _PREDICTIONS.replace("TRAINED", variable))
    images = withheld.images[:, None].astype(np.float32)
    ways: list[Plain] = [list(way) for way in asked.ways]
    replies = ask.calls([Call(shown, (images, ways), given=given)])
    stopped = no_value(replies, shown)
    if stopped is not None:
        return stopped
    value = replies[0].value if isinstance(replies[0], Got) else None
    numbers = to_numbers(value[0]) if isinstance(value, tuple) and len(value) == 3 else None
    if not isinstance(numbers, Numbers) or numbers.array.shape != (len(ways), len(images), CLASSES):
        return failed(f"`{variable}` does not turn (n, 1, 28, 28) images into (n, 10) outputs.", "wrong-shape")
    if not np.all(np.isfinite(numbers.array)):
        return failed(f"`{variable}` gives NaN or infinity: the training has run away.", "nan")
    shares = np.mean(np.argmax(numbers.array, axis=2) == withheld.labels, axis=1)
    best = int(np.argmax(shares))
    mean, std = asked.ways[best]
    seen = (images[:LOOKED_AT].astype(np.float64) - mean) / std
    weights = _in_order(_arrays(value[1]), task.shapes(*sizes)) if isinstance(value, tuple) else []
    explained = _explained(task, weights, seen, numbers.array[best])
    kind = str(value[2])[:80] if isinstance(value, tuple) else ""
    if not explained and kind != task.name:
        return failed(f"`{variable}` holds a `{kind}`, not a `{task.name}`.", "other-class")
    return _conclude(variable, task, float(shares[best]), asked, explained)


def _conclude(variable: str, task: NetworkTask, share: float, asked: Asked, explained: bool) -> Outcome:
    said = f"On images that your notebook has never seen, {share:.1%} of the answers of `{variable}` are right"
    staff = f"accuracy {share:.4f}; outputs follow from the layers: {explained}"
    if share < asked.half:
        return failed(f"{said}; {asked.enough:.0%} are asked, and guessing gives 10 %.", "not-trained", staff)
    if not explained:
        message = f"{said}, but they do not follow from the layers of a `{task.name}`; that earns half at most."
        return Outcome(Conclusion.PARTIAL, 0.5 if share >= asked.enough else 0.25, message, "other-network", staff)
    if share < asked.enough:
        return Outcome(Conclusion.PARTIAL, 0.5, f"{said}; {asked.enough:.0%} are asked.", "barely-trained", staff)
    return Outcome(Conclusion.PASSED, 1.0, f"{said}.", staff=staff)


def _explained(task: NetworkTask, weights: list[Floats], images: Floats, outputs: Floats) -> bool:
    """Do the layers that the kernel names, computed here, give these outputs?"""
    if not weights:
        return False
    rules: list[Callable[..., Floats]] = [task.reference, *(known.wrong for known in task.misconceptions)]
    for rule in rules:
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = np.asarray(rule(images, weights))
        except (ValueError, IndexError, TypeError):
            return False
        got = outputs[: len(images)]
        scale = float(np.max(np.abs(expected), initial=1.0))
        if expected.shape == got.shape and float(np.max(np.abs(expected - got), initial=0.0)) <= AGREES * scale:
            return True
    return False


def _in_order(arrays: Sequence[Floats], shapes: Sequence[Shape]) -> list[Floats]:
    """The arrays in the order of the task, each weight followed by its bias; empty where they are not all there."""
    ordered: list[Floats] = []
    left = list(range(len(arrays)))
    for k in range(0, len(shapes), 2):
        place = next((i for i in left if arrays[i].shape == shapes[k]), None)
        if place is None:
            return []
        left.remove(place)
        bias = np.zeros(shapes[k + 1])
        if place + 1 in left and arrays[place + 1].shape == shapes[k + 1]:
            left.remove(place + 1)
            bias = arrays[place + 1]
        ordered += [arrays[place], bias]
    return ordered


def _arrays(value: Plain) -> list[Floats]:
    if not isinstance(value, list) or len(value) > MOST_ARRAYS:
        return []
    read = [to_numbers(item) for item in value]
    return [numbers.array for numbers in read if isinstance(numbers, Numbers)]
