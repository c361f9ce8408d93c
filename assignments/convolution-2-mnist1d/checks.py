"""Convolution 2: the network's layers, shown by its answers, and its error on data that it has not seen."""

from __future__ import annotations

from collections.abc import Callable

from assignments.vocabulary import Ask, Conclusion, Outcome, check
from assignments.vocabulary.probes import failed
from assignments.vocabulary.trained_models import (
    Answered,
    active,
    ask_model,
    explained_by,
    judge_validation_error,
    shapes,
)
from reference.comparators.modules import compare_structure
from reference.implementations.torch_layers import Layer

WANTED = [(15, 1, 3), (15,), (15, 15, 3), (15,), (15, 15, 3), (15,), (10, 60), (10,)]
SIZES_ONLY = 0.4


@check("model")
def model(ask: Ask) -> Outcome:
    answered = ask_model(ask, channel=True)
    return answered if isinstance(answered, Outcome) else judge_layers(answered)


@check("validation_error")
def validation_error(ask: Ask) -> Outcome:
    answered = ask_model(ask, channel=True)
    return answered if isinstance(answered, Outcome) else judge_validation_error(ask, answered)


def judge_layers(answered: Answered) -> Outcome:
    holding = tuple(layer for layer in answered.layers if "weight" in layer.arrays)
    if not compare_structure(list(shapes(holding)), WANTED, exactly=True).equal:
        return wrong_sizes(holding)
    if explained_by(answered, asked(holding), channel=True):
        return Outcome(Conclusion.PASSED, 1.0, "Correct: three convolutions, and one linear layer.")
    for key, sentence, change in MISTAKES:
        if explained_by(answered, change(asked(holding)), channel=True):
            return Outcome(Conclusion.PARTIAL, SIZES_ONLY, f"All layers have the right sizes. {sentence}", key)
    message = (
        "The layers have the right sizes, but the network's answers are not those that the asked layers give. Check "
        "the stride (2), the padding (none), the ReLU after every convolution and that the linear layer is last."
    )
    return Outcome(Conclusion.PARTIAL, SIZES_ONLY, message, "other-computation")


def asked(holding: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """The layers of the task with the weights that the network has."""
    first, second, third, last = holding
    convolutions = [Layer("Conv1d", layer.arrays, {"stride": 2.0}) for layer in (first, second, third)]
    relu = Layer("ReLU")
    return (*(part for layer in convolutions for part in (layer, relu)), Layer("Flatten"), Layer("Linear", last.arrays))


def without_relu(at: int) -> Callable[[tuple[Layer, ...]], tuple[Layer, ...]]:
    return lambda layers: layers[:at] + layers[at + 1 :]


def no_relu(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    return tuple(layer for layer in layers if layer.name != "ReLU")


def followed_by(name: str) -> Callable[[tuple[Layer, ...]], tuple[Layer, ...]]:
    return lambda layers: (*layers, Layer(name))


MISTAKES: tuple[tuple[str, str, Callable[[tuple[Layer, ...]], tuple[Layer, ...]]], ...] = (
    ("activation-missing", "The ReLUs are missing.", no_relu),
    ("activation-missing", "The ReLU after the third convolution is missing.", without_relu(5)),
    ("activation-missing", "The ReLU after the second convolution is missing.", without_relu(3)),
    ("activation-missing", "The ReLU after the first convolution is missing.", without_relu(1)),
    ("activation-at-output", "No ReLU follows the linear layer.", followed_by("ReLU")),
    ("activation-at-output", "No sigmoid follows the linear layer.", followed_by("Sigmoid")),
)


def wrong_sizes(holding: tuple[Layer, ...]) -> Outcome:
    convolutions = [layer for layer in holding if layer.name == "Conv1d"]
    linear = [layer for layer in holding if layer.name == "Linear"]
    if not convolutions:
        return failed("The network has no convolutions yet: this is the fully connected one.", "fully-connected")
    if len(convolutions) != 3:
        return failed(f"The network has {len(convolutions)} convolutions; three are asked.", "number-of-layers")
    for number, layer in enumerate(convolutions, start=1):
        out, _, kernel = (*layer.arrays["weight"].shape, 0, 0, 0)[:3]
        if out != 15:
            return failed(f"Convolution {number} has {out} output channels; 15 are asked.", "wrong-channels")
        if kernel != 3:
            return failed(f"Convolution {number} has a kernel of size {kernel}; 3 is asked.", "wrong-kernel")
    if len(linear) != 1:
        return failed(f"The network has {len(linear)} linear layers; one is asked.", "extra-layer")
    inputs = linear[0].arrays["weight"].shape[-1]
    if inputs != 60:
        sentence = f"The linear layer has {inputs} inputs; with stride 2 and no padding the convolutions leave 60."
        return failed(sentence, "wrong-stride-or-padding")
    names = [layer.name for layer in active(holding)]
    return failed(f"The layers with weights are {', '.join(names[:12])}; other layers were asked.", "extra-layer")
