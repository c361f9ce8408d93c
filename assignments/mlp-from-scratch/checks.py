"""A multi-layer perceptron from scratch: the student's class with weights that the check sets."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from assignments.asking import Call
from assignments.vocabulary import Ask, FunctionTask, Outcome, Setting, Share, Trial, check, combine
from assignments.vocabulary.own_function import OwnFunction, derivative_of_own
from assignments.vocabulary.probes import as_probe, judge_probe
from assignments.vocabulary.trained_digits import TrainedTask, judge_trained_digits
from reference.comparators.arrays import Comparison, compare_array
from reference.comparators.layers import compare_layers
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.implementations import mlp
from reference.misconceptions import Misconception
from reference.plain import Plain

OTHER_RATE = 0.3
APPROXIMATE = 0.5  # what gradients by finite differences earn

MAKE = """
def _make(weights, **options):
    import __main__
    sizes = [w.shape[1] - options.get('bias', True) for w in weights] + [weights[-1].shape[0]]
    network = __main__.Mlp(sizes, **options)
    network.weights = [w.copy() for w in weights]
    return network
"""
PREDICT = (
    MAKE
    + """
def _probe(weights, X, *rest):
    return _make(weights, **OPTIONS(*rest)).predict(X)
"""
)
GRADIENTS = (
    MAKE
    + """
def _probe(weights, X, Y, *rest):
    return _make(weights, **OPTIONS(*rest)).backpropagation(X, Y)
"""
)
TRAIN = (
    MAKE
    + """
def _probe(weights, X, Y, iterations):
    network = _make(weights)
    network.train(X, Y, iterations)
    return network.weights
"""
)
# A gradient that the task does not ask for: a mistake in the student's does not count twice.
TRAIN_OTHERWISE = (
    MAKE
    + f"""
def _probe(weights, X, Y, iterations):
    network = _make(weights)
    network.backpropagation = lambda X, Y: [{OTHER_RATE} * w for w in network.weights]
    network.train(X, Y, iterations)
    return network.weights
"""
)
PREDICTIONS = """
def _probe(images):
    import __main__
    return __main__.mlp_classifier.predict(images)
"""
TRAINED = TrainedTask("mlp_classifier", "mlp_classifier.predict(X)", PREDICTIONS, enough=0.85, half=0.65)


def other_gradient(weights: mlp.Weights, X: Floats, Y: Floats) -> list[Floats]:
    return [OTHER_RATE * w for w in weights]


def task(
    shown: str,
    source: str,
    reference: Callable[..., Any],
    mistakes: Sequence[Misconception],
    compare: Callable[[Plain, Any], Comparison] = compare_array,
    options: str = "lambda: {}",
    more: tuple[Setting, ...] = (),
    approximate: float | None = None,
) -> FunctionTask:
    return FunctionTask(
        function=shown,
        parameters=(),
        reference=reference,
        misconceptions=mistakes,
        compare=compare,
        settings=(Setting(given=with_options(shown, source, options)), *more),
        approximate=approximate,
    )


def with_options(shown: str, source: str, options: str = "lambda: {}") -> str:
    return as_probe(shown, f"OPTIONS = {options}\n{source}".replace("OPTIONS", "_options"))


def judge_gradients(ask: Ask, right: FunctionTask, trials: Sequence[Trial], options: str = "lambda: {}") -> Outcome:
    """Where the gradients are wrong, are they those of the student's own predictions?"""
    shown = "Mlp.predict(X)"
    given = with_options(shown, PREDICT, options)
    own = OwnFunction(
        names=("`predict`",),
        point=lambda trial: trial.arguments[0],
        call=lambda trial, moved: Call(shown, (list(moved), trial.arguments[1], *trial.arguments[3:]), given=given),
        value=cross_entropy,
    )
    task = dataclasses.replace(right, recognise=lambda tried: derivative_of_own(ask, own, tried))
    return judge_probe(ask, ["Mlp"], task, trials)


def cross_entropy(trial: Trial, value: Plain) -> Floats | None:
    """The loss that the task names, of a student's predictions."""
    numbers, Y = to_numbers(value), trial.arguments[2]
    if not isinstance(numbers, Numbers) or numbers.array.shape != Y.shape:
        return None
    p = numbers.array
    if not np.all((p > 0) & (p < 1)):
        return None
    return np.atleast_1d(-np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p)) / len(Y))


@check("predict")
def predict(ask: Ask) -> Outcome:
    trials = [Trial((weights, X), depth_words(weights), count=len(X)) for weights, X, _ in networks(ask.rng)]
    return judge_probe(ask, ["Mlp"], task("Mlp.predict(X)", PREDICT, mlp.predict, mlp.PREDICT), trials)


@check("backpropagation")
def backpropagation(ask: Ask) -> Outcome:
    trials = [Trial((weights, X, Y), depth_words(weights), count=len(X)) for weights, X, Y in networks(ask.rng)]
    shown = "Mlp.backpropagation(X, Y)"
    right = task(shown, GRADIENTS, mlp.backpropagation, mlp.BACKPROPAGATION, compare_layers, approximate=APPROXIMATE)
    return judge_gradients(ask, right, trials)


@check("train")
def train(ask: Ask) -> Outcome:
    shown = "Mlp.train(X, Y, iterations)"
    note = (
        "Graded with another gradient in place of your `backpropagation`, so that a mistake there does not count twice."
    )
    other = Setting(
        given=as_probe(shown, TRAIN_OTHERWISE),
        reference=functools.partial(mlp.train, gradient=other_gradient),
        misconceptions=mlp.train_mistakes(other_gradient),
        note=note,
    )
    right = task(shown, TRAIN, mlp.train, mlp.train_mistakes(), compare_layers, more=(other,))
    trials = [
        Trial((weights, X, Y, steps), f"after {steps} iterations")
        for (weights, X, Y), steps in zip(networks(ask.rng), (3, 2, 6, 4), strict=True)
    ]
    return judge_probe(ask, ["Mlp"], right, trials)


@check("bias_option")
def bias_option(ask: Ask) -> Outcome:
    drawn = networks(ask.rng, bias=False)
    return judge_option(ask, "bias=False", "lambda: {'bias': False}", drawn, lambda *_: {"bias": False}, ())


@check("activation_option")
def activation_option(ask: Ask) -> Outcome:
    drawn = networks(ask.rng)
    rest = [("tanh",), ("relu",), ("tanh",), ("relu",)]

    def chosen(name: str) -> dict[str, Any]:
        return {"activation": name}

    ignored = (
        lambda weights, X, *_: mlp.predict(weights, X),
        lambda weights, X, Y, *_: mlp.backpropagation(weights, X, Y),
    )
    return judge_option(ask, "activation=…", "lambda name: {'activation': name}", drawn, chosen, rest, ignored)


def judge_option(
    ask: Ask,
    shown: str,
    options: str,
    drawn: Sequence[tuple[list[Floats], Floats, Floats]],
    chosen: Callable[..., dict[str, Any]],
    rest: Sequence[tuple[str, ...]],
    ignored: tuple[Callable[..., Any], Callable[..., Any]] | None = None,
) -> Outcome:
    """Predictions and gradients with an option; `rest`: further arguments, one tuple for each network."""
    extra = list(rest) or [()] * len(drawn)
    sentence = f"The option `{shown}` makes no difference to the result."
    mistakes: list[tuple[Misconception, ...]] = [(), ()]
    if ignored:
        mistakes = [(Misconception("option-ignored", sentence, wrong),) for wrong in ignored]
    predictions = task(
        f"Mlp(…, {shown}).predict(X)",
        PREDICT,
        lambda weights, X, *a: mlp.predict(weights, X, **chosen(*a)),
        mistakes[0],
        options=options,
    )
    gradients = task(
        f"Mlp(…, {shown}).backpropagation(X, Y)",
        GRADIENTS,
        lambda weights, X, Y, *a: mlp.backpropagation(weights, X, Y, **chosen(*a)),
        mistakes[1],
        compare_layers,
        options=options,
        approximate=APPROXIMATE,
    )
    words = [f'with "{a[0]}"' if a else "" for a in extra]
    value_trials = [Trial((w, X, *a), word) for (w, X, _), a, word in zip(drawn, extra, words, strict=True)]
    slope_trials = [
        Trial((w, X, Y, *a), word, count=len(X)) for (w, X, Y), a, word in zip(drawn, extra, words, strict=True)
    ]
    return combine(
        [
            Share(0.5, "the predictions", judge_probe(ask, ["Mlp"], predictions, value_trials)),
            Share(0.5, "the gradients", judge_gradients(ask, gradients, slope_trials, options)),
        ]
    )


@check("mlp_classifier")
def classifier(ask: Ask) -> Outcome:
    return judge_trained_digits(ask, TRAINED)


def networks(rng: np.random.Generator, *, bias: bool = True) -> list[tuple[list[Floats], Floats, Floats]]:
    """Weights, X and Y for several depths."""
    drawn = []
    for sizes, examples in (((4, 5, 3), 6), ((3, 2), 5), ((2, 4, 3, 5), 7), ((5, 3, 4, 2), 4)):
        weights = [rng.normal(size=(out, n + bias)) * 0.9 for n, out in itertools.pairwise(sizes)]
        Y = np.eye(sizes[-1])[rng.integers(0, sizes[-1], size=examples)]
        drawn.append((weights, rng.normal(size=(examples, sizes[0])), Y))
    return drawn


def depth_words(weights: Sequence[Floats]) -> str:
    hidden = len(weights) - 1
    return f"with {hidden or 'no'} hidden layer{'' if hidden == 1 else 's'}"
