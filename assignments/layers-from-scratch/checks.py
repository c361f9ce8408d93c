"""Layers from scratch: every class of the student's through a probe, on fresh inputs."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assignments.asking import Call
from assignments.vocabulary import Ask, FunctionTask, Outcome, Setting, Share, Trial, check, combine
from assignments.vocabulary.own_function import OwnFunction, derivative_of_own
from assignments.vocabulary.probes import as_probe, judge_probe
from assignments.vocabulary.trained_digits import TrainedTask, judge_trained_digits
from reference.comparators.arrays import Comparison, Tolerance, compare_array
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.implementations import activations, layers
from reference.misconceptions import Misconception
from reference.plain import Plain

APPROXIMATE = 0.5  # what derivatives by finite differences earn
NEAR = Tolerance(relative=1e-6, absolute=1e-9)
# The task allows a small number inside the logarithm or none.
ROUGH = Tolerance(relative=1e-3, absolute=2e-4)


def probe(*names: str) -> str:
    """The files of `probes/`, which reach the student's classes from inside, one after the other."""
    folder = Path(__file__).parent / "probes"
    return "".join((folder / f"{name}.txt").read_text(encoding="utf-8") for name in names)


VALUES = probe("values")
DERIVATIVE = probe("derivative")  # with its argument, and without it after a call: the layer remembers its input
LINEAR_VALUES, LINEAR_DERIVATIVE = probe("linear_values"), probe("linear_derivative")
# Of layers that the task does not ask for: no right answer enters the kernel.
STACK_VALUES, STACK_DERIVATIVE = probe("other_layers", "stack_values"), probe("other_layers", "stack_derivative")
UPDATES, PREDICTIONS = probe("updates"), probe("predictions")
TRAINED = TrainedTask("layers", "the network in layers", PREDICTIONS, enough=0.80, half=0.60)


def maker(name: str, source: str) -> str:
    return f"import numpy as np\ndef _make(main, *settings):\n    return main.{name}(*settings)\n{source}"


def probe_task(
    shown: str,
    source: str,
    reference: Callable[..., Any],
    mistakes: Sequence[Misconception],
    tolerance: Tolerance = NEAR,
    compare: Callable[[Plain, Any], Comparison] | None = None,
    approximate: float | None = None,
) -> FunctionTask:
    return FunctionTask(
        function=shown,
        parameters=(),
        reference=reference,
        misconceptions=mistakes,
        compare=compare or functools.partial(compare_array, tolerance=tolerance),
        settings=(Setting(given=as_probe(shown, source)),),
        approximate=approximate,
    )


def judge_layer(
    ask: Ask,
    name: str,
    values: tuple[Callable[..., Any], Sequence[Misconception]],
    derivative: tuple[Callable[..., Any], Sequence[Misconception]],
    inputs: Sequence[tuple[Floats, ...]],
    *,
    sources: tuple[str, str] | None = None,
    tolerance: Tolerance = NEAR,
    remembers: bool = True,
) -> Outcome:
    """40 % for the values, 60 % for the derivative, which is asked for in both of its forms."""
    count = len(inputs[0])
    forward, backward = sources or (maker(name, VALUES), maker(name, DERIVATIVE))
    known = (*derivative[1], *layers.layout_mistakes(derivative[0])) if derivative[1] is not None else ()
    value_task = probe_task(f"{name}()(…)", forward, values[0], values[1], tolerance)
    slope_task = probe_task(
        f"{name}().grad(…)",
        backward,
        lambda *arguments: derivative[0](*arguments[:count]),
        layers.arguments_of(known, count),
        tolerance,
        # A small number inside the logarithm changes as many digits as a difference quotient does.
        approximate=None if tolerance is ROUGH else APPROXIMATE,
    )
    own = own_layer(f"{name}()", f"{name}()(…)", forward, count)
    slope_task = dataclasses.replace(slope_task, recognise=lambda tried: derivative_of_own(ask, own, tried))
    value_trials = [Trial(arguments, count=len(arguments[0])) for arguments in inputs]
    slope_trials = [
        Trial(
            (*arguments, remembered), "after a call, without an argument" if remembered else "", count=len(arguments[0])
        )
        for arguments in inputs
        for remembered in ((False, True) if remembers else (False,))
    ]
    return combine(
        [
            Share(0.4, "the values", judge_probe(ask, [name], value_task, value_trials)),
            Share(0.6, "the derivative", judge_probe(ask, [name], slope_task, slope_trials)),
        ]
    )


def own_layer(name: str, shown: str, values: str, count: int | None) -> OwnFunction:
    """What the student's layer makes of the first of its arguments, of which there are `count` (None: all are)."""
    return OwnFunction(
        names=(f"`{name}`",),
        point=lambda trial: trial.arguments[:1],
        call=lambda trial, moved: Call(shown, (*moved, *trial.arguments[1:count]), given=as_probe(shown, values)),
        value=numbers_of,
        change=lambda derivative, direction: np.einsum("ibo,bi->bo", derivative, direction[0]),
        read=numbers_of,
    )


def numbers_of(_: Trial, value: Plain) -> Floats | None:
    numbers = to_numbers(value)
    return numbers.array if isinstance(numbers, Numbers) else None


@check("Sigmoid")
def sigmoid(ask: Ask) -> Outcome:
    values, slopes = (activations.sigmoid, layers.SIGMOID), (layers.sigmoid_grad, layers.SIGMOID_GRAD)
    return judge_layer(ask, "Sigmoid", values, slopes, batches(ask.rng))


@check("ReLU")
def relu(ask: Ask) -> Outcome:
    values, slopes = (activations.relu, layers.RELU), (layers.relu_grad, layers.RELU_GRAD)
    return judge_layer(ask, "ReLU", values, slopes, batches(ask.rng))


@check("Softmax")
def softmax(ask: Ask) -> Outcome:
    values, slopes = (layers.softmax, layers.SOFTMAX), (layers.softmax_grad, layers.SOFTMAX_GRAD)
    return judge_layer(ask, "Softmax", values, slopes, batches(ask.rng))


@check("Linear")
def linear(ask: Ask) -> Outcome:
    inputs = [
        (ask.rng.normal(size=(batch, n)), ask.rng.normal(size=(n, m)), ask.rng.normal(size=(1, m)))
        for batch, n, m in ((5, 4, 3), (3, 2, 6), (1, 3, 2))
    ]
    values, slopes = (layers.linear, layers.LINEAR), (layers.linear_grad, ())
    return judge_layer(ask, "Linear", values, slopes, inputs, sources=(LINEAR_VALUES, LINEAR_DERIVATIVE))


@check("CrossEntropy")
def cross_entropy(ask: Ask) -> Outcome:
    inputs = [
        (ask.rng.uniform(0.05, 0.95, size=shape), ask.rng.uniform(0.1, 1.0, size=shape))
        for shape in ((5, 3), (2, 6), (4, 4))
    ]
    values, slopes = (
        (layers.cross_entropy, layers.CROSS_ENTROPY),
        (layers.cross_entropy_grad, layers.CROSS_ENTROPY_GRAD),
    )
    return judge_layer(ask, "CrossEntropy", values, slopes, inputs, tolerance=ROUGH)


@check("WeightDecay")
def weight_decay(ask: Ask) -> Outcome:
    inputs = [(ask.rng.normal(size=shape),) for shape in ((4, 3), (2, 5), (6, 1))]
    value_task = probe_task("WeightDecay()(…)", maker("WeightDecay", VALUES), layers.weight_decay, layers.WEIGHT_DECAY)
    slope_task = probe_task(
        "WeightDecay().grad(…)",
        maker("WeightDecay", VALUES.replace(")(*a", ").grad(*a")),
        layers.weight_decay_grad,
        (),
        approximate=APPROXIMATE,
    )
    trials = [Trial(arguments, count=arguments[0].size) for arguments in inputs]
    return combine(
        [
            Share(0.4, "the values", judge_probe(ask, ["WeightDecay"], value_task, trials)),
            Share(0.6, "the derivative", judge_probe(ask, ["WeightDecay"], slope_task, trials)),
        ]
    )


@check("Feedforward")
def feedforward(ask: Ask) -> Outcome:
    trials = []
    for batch, widths in ((4, (3, 5, 2)), (3, (2, 4, 3, 5)), (5, (4, 4, 4)), (1, (3, 2, 4)), (6, (3, 2))):
        mixings = [ask.rng.normal(size=size) * 0.8 for size in itertools.pairwise(widths)]
        many = len(mixings)
        trials.append(Trial((ask.rng.normal(size=(batch, widths[0])), *mixings), f"for {many} layer{'s' * (many > 1)}"))

    def mixing_batch(keep: str) -> Misconception:
        sentence = "The sum runs over the examples of the batch too; every example has a chain of its own."
        wrong = functools.partial(layers.chain_mixing_batch, keep=keep)
        return Misconception("batch-mixed", sentence, lambda *a: wrong(stack_derivatives(*a)))

    one = Misconception("last-layer-only", "This is the derivative of one layer.", lambda *a: stack_derivatives(*a)[-1])
    mistakes = (mixing_batch("b"), mixing_batch("c"), one, *layers.layout_mistakes(stack_derivative))
    value_task = probe_task("Feedforward(layers)(x)", STACK_VALUES, lambda *a: stack_values(*a)[-1], ())
    slope_task = probe_task(
        "Feedforward(layers).grad(x)", STACK_DERIVATIVE, stack_derivative, mistakes, approximate=APPROXIMATE
    )
    own = own_layer("Feedforward", "Feedforward(layers)(x)", STACK_VALUES, None)
    slope_task = dataclasses.replace(slope_task, recognise=lambda tried: derivative_of_own(ask, own, tried))
    return combine(
        [
            Share(0.25, "the values", judge_probe(ask, ["Feedforward"], value_task, trials)),
            Share(0.75, "the derivative", judge_probe(ask, ["Feedforward"], slope_task, trials)),
        ]
    )


@check("GradientDescent")
def gradient_descent(ask: Ask) -> Outcome:
    trials = []
    for momentum in (0.0, 0.9, float(ask.rng.uniform(0.3, 0.8))):
        deltas = ask.rng.normal(size=(5, 3, 2))
        situation = "with momentum" if momentum else "without momentum"
        trials.append(Trial((deltas, float(ask.rng.uniform(0.01, 0.2)), momentum), situation))
    task = probe_task(
        "GradientDescent(…)(delta)", maker("GradientDescent", UPDATES), layers.gradient_descent, layers.GRADIENT_DESCENT
    )
    return judge_probe(ask, ["GradientDescent"], task, trials)


@check("Adam")
def adam(ask: Ask) -> Outcome:
    trials = []
    for _ in range(3):
        deltas = ask.rng.uniform(0.2, 2.0, size=(6, 3, 2)) * ask.rng.choice([-1.0, 1.0], size=(6, 3, 2))
        settings = (ask.rng.uniform(0.01, 0.2), ask.rng.uniform(0.6, 0.95), ask.rng.uniform(0.9, 0.999))
        trials.append(Trial((deltas, *map(float, settings))))

    def both(*arguments: Any) -> tuple[Floats, Floats]:
        return layers.adam(*arguments), layers.simple_adam(*arguments)

    task = probe_task("Adam(…)(delta)", maker("Adam", UPDATES), both, layers.ADAM, compare=compare_either)
    return judge_probe(ask, ["Adam"], task, trials)


@check("layers")
def trained(ask: Ask) -> Outcome:
    return judge_trained_digits(ask, TRAINED)


def compare_either(got: Plain, want: Any) -> Comparison:
    """Right where it equals one of several right forms."""
    forms = want if isinstance(want, tuple) else (want,)
    compared = [compare_array(got, form, NEAR) for form in forms]
    return next((c for c in compared if c.equal), compared[0])


def stack_values(x: Floats, *mixings: Floats) -> list[Floats]:
    """The input and what every layer of OTHER_LAYERS makes of it."""
    values = [x]
    for mixing in mixings:
        values.append((values[-1] @ mixing) ** 2)
    return values


def stack_derivatives(x: Floats, *mixings: Floats) -> list[Floats]:
    values = stack_values(x, *mixings)
    return [np.einsum("bo,io->ibo", 2 * (v @ m), m) for v, m in zip(values[:-1], mixings, strict=True)]


def stack_derivative(x: Floats, *mixings: Floats) -> Floats:
    return layers.chain(stack_derivatives(x, *mixings))


def batches(rng: np.random.Generator) -> list[tuple[Floats, ...]]:
    """Inputs (batch, n), none near 0, where ReLU has no derivative."""
    shapes = ((5, 3), (2, 6), (4, 4), (1, 3))
    return [(rng.uniform(0.1, 2.0, size=shape) * rng.choice([-1.0, 1.0], size=shape),) for shape in shapes]
