"""PyTorch networks of the student's, given weights that the check draws and images that it draws.

What the kernel says of the shapes of layers only helps to explain; points depend on the outputs for drawn weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from assignments.asking import Ask, Call, Got, Reply
from assignments.outcome import Outcome
from assignments.vocabulary.functions import judge_function
from assignments.vocabulary.probes import as_probe, failed, missing_name, no_value
from assignments.vocabulary.trials import FunctionTask, Setting, Trial, Tried
from reference.comparators.arrays import Comparison, Tolerance, compare_array
from reference.comparators.modules import Shape, compare_structure
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.implementations import image_networks
from reference.misconceptions import Misconception
from reference.plain import Plain
from reference.relations import Diagnosis

TRIALS, IMAGES = 4, 6
# Outputs are of order one and come in single precision.
OUTPUT = Tolerance(relative=2e-4, absolute=2e-4)

# By the names of the task first, then by shape, then by order.
FILL = """
def _fill(network, weights, names):
    import torch
    modules, used = dict(network.named_modules()), set()
    def put(parameter, values):
        with torch.no_grad():
            parameter.copy_(torch.as_tensor(values))
    def layer(k):
        for module in [modules.get(names[k // 2])] + list(modules.values()):
            weight = getattr(module, 'weight', None)
            if weight is not None and id(module) not in used and tuple(weight.shape) == weights[k].shape:
                used.add(id(module))
                return module
    found = [layer(k) for k in range(0, len(weights), 2)]
    if None not in found:
        for k, module in enumerate(found):
            put(module.weight, weights[2 * k])
            if getattr(module, 'bias', None) is not None:
                put(module.bias, weights[2 * k + 1])
        return network
    parameters = list(network.parameters())
    if [tuple(p.shape) for p in parameters] != [w.shape for w in weights]:
        raise ValueError('the layers do not have the sizes of the task')
    for parameter, values in zip(parameters, weights):
        put(parameter, values)
    return network
"""
_SHAPES = """
def _probe(*sizes):
    import __main__
    return [[int(n) for n in parameter.shape] for parameter in _make(*sizes).parameters()]
"""
_OUTPUTS = """
def _probe(images, weights, *sizes):
    import torch
    network = _fill(_make(*sizes), weights, NAMES)
    network.eval()
    with torch.no_grad():
        return network(torch.as_tensor(images, dtype=torch.float32))
"""


@dataclass(frozen=True, eq=False)
class NetworkTask:
    """A class of the notebook. `make` is a Python expression of a new network, in which `sizes` are the arguments of
    `shapes`; `layers` are the attributes under which the task holds its layers.

    `reference` takes images and weights. `credit` maps a diagnosis to what the outputs still earn.
    """

    name: str
    make: str
    layers: tuple[str, ...]
    shapes: Callable[..., Sequence[Shape]]
    reference: Callable[..., Floats]
    misconceptions: Sequence[Misconception]
    credit: Mapping[str, float] = field(default_factory=dict)

    def source(self, body: str) -> str:
        """`body` after the functions that make and fill a network."""
        make = f"def _make(*sizes):\n    import __main__\n    return {self.make}\n"
        return f"{make}{FILL}\n{body}".replace("NAMES", repr(self.layers))


def judge_network(
    ask: Ask, task: NetworkTask, image_shapes: Sequence[Shape], sizes: Sequence[tuple[int, ...]] = ((),)
) -> Outcome:
    """The outputs of networks with drawn weights for drawn images. For each trial one of `sizes` (arguments of the
    class) and the shape of one image that belongs to it."""
    gone = missing_name(ask, [task.name])
    if gone is not None:
        return gone
    wrong = wrong_layers(ask, task, sizes)
    if wrong is not None:
        return wrong
    shown = f"{task.name}({'…' if sizes[0] else ''})(images)"
    right = FunctionTask(
        function=shown,
        parameters=(),
        reference=lambda images, weights, *_: task.reference(images, weights),
        misconceptions=[_with_sizes(known) for known in task.misconceptions],
        credit=task.credit,
        compare=_compare,
        recognise=_recognise,
        settings=(Setting(given=as_probe(shown, task.source(_OUTPUTS))),),
    )
    trials = []
    for k in range(TRIALS):
        size, shape = sizes[k % len(sizes)], image_shapes[k % len(image_shapes)]
        weights = image_networks.draw(ask.rng, task.shapes(*size))
        trials.append(Trial((_images(ask.rng, shape), weights, *size), count=IMAGES))
    return judge_function(ask, right, trials)


def wrong_layers(ask: Ask, task: NetworkTask, sizes: Sequence[tuple[int, ...]]) -> Outcome | None:
    """What to say where the class cannot be made or its layers have other sizes; None where weights can be set."""
    shown = f"{task.name}({', '.join(['…'] if sizes[0] else [])})"
    given = as_probe(shown, task.source(_SHAPES))
    replies = ask.calls([Call(shown, size, given=given) for size in sizes])
    stopped = no_value(replies, shown)
    if stopped is not None:
        return stopped
    for size, reply in zip(sizes, replies, strict=True):
        sentence = _difference(reply, task, size)
        if sentence:
            return failed(sentence, "layer-sizes")
    return None


def _difference(reply: Reply, task: NetworkTask, size: tuple[int, ...]) -> str:
    made = f" made with {size}" if size else ""
    compared = compare_structure(reply.value if isinstance(reply, Got) else None, task.shapes(*size))
    return "" if compared.equal else f"`{task.name}`{made} {compared.problem}."


def _images(rng: np.random.Generator, shape: Shape) -> Floats:
    """Random pixels, negative ones too; the first two images are the same, to show outputs that vary by chance."""
    images = rng.normal(size=(IMAGES, *shape)).astype(np.float32).astype(np.float64)
    images[1] = images[0]
    return images


def _with_sizes(known: Misconception) -> Misconception:
    return Misconception(known.key, known.sentence, lambda images, weights, *_: known.wrong(images, weights))


def _compare(got: Plain, want: Floats) -> Comparison:
    return compare_array(got, want, OUTPUT)


def _recognise(tried: Sequence[Tried]) -> Diagnosis | None:
    for t in tried:
        numbers = to_numbers(t.reply.value) if isinstance(t.reply, Got) else None
        if not isinstance(numbers, Numbers) or numbers.array.ndim != 2 or len(numbers.array) != IMAGES:
            return None
        if not np.allclose(numbers.array[0], numbers.array[1], rtol=1e-3, atol=1e-5):
            sentence = (
                "The same image gives different outputs in evaluation mode: dropout stays on after `eval()`. The "
                "function of torch.nn.functional needs `training=self.training`; a layer of torch.nn knows by itself."
            )
            return Diagnosis("dropout-in-evaluation", sentence)
    return None
