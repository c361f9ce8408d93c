"""Multi-layer networks in NumPy: the four functions on fresh networks, and the trained weights on fresh data."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from assignments.asking import Call, Got
from assignments.vocabulary import (
    Ask,
    Conclusion,
    FunctionTask,
    Outcome,
    Setting,
    Share,
    Trial,
    Tried,
    check,
    combine,
    explain,
    judge_function,
)
from assignments.vocabulary.own_function import OwnFunction, derivative_of_own, flat
from assignments.vocabulary.probes import as_probe, failed
from reference.comparators.arrays import Comparison, Tolerance, compare_array
from reference.comparators.components import component
from reference.comparators.layers import compare_layers
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.implementations import multilayer
from reference.misconceptions import Misconception
from reference.plain import Plain
from reference.relations import Diagnosis

DEEP = [2, 4, 5, 8, 4, 3]
WELL, SOMEWHAT = 0.35, 0.7  # mean loss on fresh data; guessing gives ln 3 = 1.1
APPROXIMATE = 0.5  # what gradients by finite differences earn
MOST_LAYERS, MOST_WEIGHTS = 50, 1_000_000

NEAR = Tolerance(relative=1e-6, absolute=1e-9)  # differences of probabilities: near 0 the absolute size counts
LOSS = FunctionTask(
    function="lossF",
    parameters=("z", "y"),
    reference=multilayer.lossF,
    misconceptions=multilayer.LOSS,
    notebook_globals={"y": ("Y",)},
)
LOSS_GRADIENT = FunctionTask(
    function="lossG",
    parameters=("z", "y"),
    reference=multilayer.lossG,
    misconceptions=multilayer.LOSS_GRADIENT,
    compare=functools.partial(compare_array, tolerance=NEAR),
    notebook_globals={"y": ("Y",)},
    approximate=APPROXIMATE,
)
FORWARD = FunctionTask(
    function="ForwardNN",
    parameters=("A", "b", "Z", "R"),
    reference=multilayer.ForwardNN,
    misconceptions=multilayer.FORWARD,
    compare=compare_layers,
    notebook_globals={"A": ("A",), "b": ("b",), "Z": ("x",), "R": ("R",)},
)

# Another loss than the one asked for, in place of the student's: a mistake in it does not count twice, and the
# right gradient does not enter the kernel.
OTHER_LOSS = """
def lossG(z, y):
    return 0.7 * z - 0.3 * y
"""


OWN_LOSS = OwnFunction(
    names=("`lossF`",),
    point=lambda trial: trial.arguments[:1],
    call=lambda trial, moved: Call("lossF", (*moved, trial.arguments[1])),
)

# The student's own forward pass and loss together, and the backward pass on what that forward pass gives.
WHOLE_LOSS = as_probe(
    "lossF(ForwardNN(…))",
    """
def _probe(A, b, x, R):
    import __main__
    return __main__.lossF(__main__.ForwardNN(A, b, x, R)[-1], __main__.Y)
""",
)
WHOLE_GRADIENT = as_probe(
    "BackwardNN(ForwardNN(…))",
    """
def _probe(A, b, x, R):
    import __main__
    return __main__.BackwardNN(A, b, __main__.ForwardNN(A, b, x, R), R)
""",
)


@check("lossF")
def lossF(ask: Ask) -> Outcome:
    return judge_scores(ask, LOSS)


@check("lossG")
def lossG(ask: Ask) -> Outcome:
    return judge_scores(ask, LOSS_GRADIENT)


@check("ForwardNN")
def ForwardNN(ask: Ask) -> Outcome:
    trials = []
    for widths, points in (([2, 15, 3], 7), ([3, 4, 2], 5), ([2, 4, 5, 3, 4], 6), ([4, 3], 9)):
        A, b = network(ask.rng, widths)
        x = ask.rng.normal(size=(widths[0], points))
        trials.append(Trial((A, b, x, len(A)), layers_words(A), count=points, variables={"n": points}))
    return judge_function(ask, FORWARD, trials)


@check("BackwardNN")
def BackwardNN(ask: Ask) -> Outcome:
    cases = [
        backward_case(ask.rng, *size) for size in (([2, 15, 3], 8), ([3, 4, 2], 5), ([2, 4, 5, 3, 3], 6), ([3, 4], 7))
    ]
    return combine(
        [
            Share(0.6, "the gradients by A", judge_gradients(ask, cases, 0)),
            Share(0.4, "the gradients by b", judge_gradients(ask, cases, 1)),
        ]
    )


@check("trained_network")
def trained_network(ask: Ask) -> Outcome:
    """One hidden layer, however wide: the deeper network of exercise 2 is no answer to exercise 1."""
    layers = read_network(ask)
    if isinstance(layers, Outcome):
        return layers
    hidden = len(layers[0]) - 1
    if hidden != 1:
        message = f"`A` has {hidden} hidden layers; exercise 1 asks for a network with one."
        return failed(message, "wrong-depth")
    return judge_trained(ask, *layers)


@check("deep_network")
def deep_network(ask: Ask) -> Outcome:
    layers = read_network(ask)
    if isinstance(layers, Outcome):
        return layers
    widths = [layers[0][0].shape[1], *(a.shape[0] for a in layers[0])]
    if widths != DEEP:
        return failed(f"`A` has the layers {widths}; exercise 2 asks for {DEEP}.", "wrong-depth")
    return judge_trained(ask, *layers)


def backward_case(rng: np.random.Generator, widths: Sequence[int], points: int) -> Trial:
    A, b = network(rng, widths)
    X = multilayer.ForwardNN(A, b, rng.normal(size=(widths[0], points)), len(A))
    y = np.eye(widths[-1])[:, rng.integers(0, widths[-1], size=points)]
    return Trial((A, b, X, len(A)), layers_words(A), count=points, variables={"Y": y, "n": points, "k": widths[-1]})


def judge_gradients(ask: Ask, cases: Sequence[Trial], which: int) -> Outcome:
    targets = {id(trial.arguments[0]): trial.variables["Y"] for trial in cases}

    def only(function: Callable[..., Any]) -> Callable[..., Any]:
        """The material's function takes the targets from the global `Y`, so here they are found by the trial."""
        return lambda A, b, X, R: function(A, b, X, R, targets[id(A)])[which]

    def known(start: Callable[[Floats, Floats], Floats]) -> list[Misconception]:
        mistakes = multilayer.backward_mistakes(start)
        return [Misconception(key, sentence, only(wrong)) for key, sentence, wrong in mistakes]

    def other_loss(z: Floats, y: Floats) -> Floats:
        return 0.7 * z - 0.3 * y

    def backward_of_other(A: Any, b: Any, X: Any, R: int, y: Floats) -> Any:
        return multilayer.BackwardNN(A, b, X, R, y, start=other_loss)

    own = own_network(which)
    note = "Graded with another loss in place of your `lossG`, so that a mistake there does not count twice."
    task = FunctionTask(
        function="BackwardNN",
        parameters=("A", "b", "X", "R"),
        reference=only(multilayer.BackwardNN),
        misconceptions=known(multilayer.lossG),
        compare=functools.partial(compare_gradients, which=which),
        approximate=APPROXIMATE,
        recognise=lambda tried: derivative_of_own(ask, own, tried),
        settings=(
            Setting(),
            Setting(given=OTHER_LOSS, reference=only(backward_of_other), misconceptions=known(other_loss), note=note),
        ),
    )
    return judge_function(ask, task, cases)


def own_network(which: int) -> OwnFunction:
    """The loss of the student's own forward pass, by `A` (0) or `b` (1)."""

    def call(trial: Trial, moved: Sequence[Floats]) -> Call:
        A, b, X, R = trial.arguments
        layers = (list(moved), b) if which == 0 else (A, list(moved))
        return Call("lossF(ForwardNN(…))", (*layers, X[0], R), variables=trial.variables, given=WHOLE_LOSS)

    def derivative(trial: Trial) -> Call:
        A, b, X, R = trial.arguments
        return Call("BackwardNN(ForwardNN(…))", (A, b, X[0], R), variables=trial.variables, given=WHOLE_GRADIENT)

    def read(trial: Trial, value: Plain) -> Floats | None:
        return flat(trial, value[which]) if isinstance(value, list | tuple) and len(value) == 2 else None

    return OwnFunction(
        names=("`ForwardNN`", "`lossF`"),
        point=lambda trial: trial.arguments[which],
        call=call,
        derivative=derivative,
        read=read,
    )


def compare_gradients(got: Plain, want: Sequence[Floats], which: int) -> Comparison:
    layers = component(got, which, 2)
    return layers if isinstance(layers, Comparison) else compare_layers(layers, want)


def read_network(ask: Ask) -> tuple[list[Floats], list[Floats]] | Outcome:
    """The notebook's A and b as arrays that fit each other and the data, or what is wrong with them."""
    found = []
    for name in ("A", "b"):
        reply = ask.read(name)
        if not isinstance(reply, Got):
            return explain(reply, name)
        layers = [to_numbers(layer) for layer in reply.value[:MOST_LAYERS]] if isinstance(reply.value, list) else []
        arrays = [layer.array for layer in layers if isinstance(layer, Numbers) and layer.array.ndim <= 2]
        if not arrays or len(arrays) != len(layers):
            return failed(f"`{name}` is not a list of arrays, one for each layer.", "not-a-list")
        found.append(arrays)
    A, b = found[0], [bias.reshape(-1, 1) for bias in found[1]]
    inputs = [2, *(a.shape[0] for a in A)]
    fit = len(A) == len(b) and all(
        a.ndim == 2 and a.shape[1] == inputs[r] and bias.shape[0] == a.shape[0]
        for r, (a, bias) in enumerate(zip(A, b, strict=False))
    )
    if not fit or A[-1].shape[0] != 3 or sum(a.size for a in A) > MOST_WEIGHTS:
        return failed("`A` and `b` do not fit each other, or not two inputs and three classes.", "wrong-shape")
    return A, b


def judge_trained(ask: Ask, A: list[Floats], b: list[Floats]) -> Outcome:
    with np.errstate(all="ignore"):
        loss = multilayer.mean_loss(A, b, *multilayer.spirals(ask.rng, 400))
    staff = f"mean loss on 1200 fresh points: {loss:.4f}"
    if not np.isfinite(loss):
        return failed("The weights hold NaN or infinity: the steps were too large.", "nan", staff)
    said = f"On newly drawn spirals your `A` and `b` have a mean loss of {loss:.3f}"
    if loss <= WELL:
        return Outcome(Conclusion.PASSED, 1.0, f"{said}.", staff=staff)
    if loss <= SOMEWHAT:
        return Outcome(
            Conclusion.PARTIAL, 0.5, f"{said}; at most {WELL} is asked. More steps?", "barely-trained", staff
        )
    hint = "they are as good as untrained" if loss > 1.0 else "train for longer, or with another step size"
    return failed(f"{said}; at most {WELL} is asked: {hint}.", "not-trained", staff)


def judge_scores(ask: Ask, task: FunctionTask) -> Outcome:
    """Large scores apart, so that a mistake which overflows there is still named."""
    if task is LOSS_GRADIENT:
        task = dataclasses.replace(task, recognise=lambda tried: derivative_of_own(ask, OWN_LOSS, tried))
    usual = [score_trial(ask.rng, *size) for size in ((3, 7, 1.5), (4, 5, 2.0), (2, 9, 1.0), (3, 4, 3.0))]
    large = [score_trial(ask.rng, 3, 6, 400.0), score_trial(ask.rng, 4, 5, 900.0)]
    return combine(
        [
            Share(0.8, "scores of ordinary size", judge_function(ask, task, usual)),
            Share(0.2, "scores up to 1000", judge_function(ask, dataclasses.replace(task, recognise=overflow), large)),
        ]
    )


def overflow(tried: Sequence[Tried]) -> Diagnosis | None:
    numbers = [t.comparison.numbers for t in tried if t.comparison is not None and not t.right]
    if not numbers or all(array is None or np.all(np.isfinite(array)) for array in numbers):
        return None
    return Diagnosis("overflow", "The exponentials overflow: subtract the maximum of each column first.")


def score_trial(rng: np.random.Generator, classes: int, points: int, size: float) -> Trial:
    z = rng.normal(size=(classes, points)) * size
    if size > 100:
        z[0, 0], z[1, 1], z[:, 2] = 1000.0, -1000.0, 1000.0 + rng.normal(size=classes)
    y = np.eye(classes)[:, rng.integers(0, classes, size=points)]
    return Trial((z, y), count=points, variables={"n": points, "k": classes})


def network(rng: np.random.Generator, widths: Sequence[int]) -> tuple[list[Floats], list[Floats]]:
    sizes = list(zip(widths[1:], widths[:-1], strict=True))
    return [rng.normal(size=size) for size in sizes], [rng.normal(size=(out, 1)) for out, _ in sizes]


def layers_words(A: Sequence[Floats]) -> str:
    return f"for a network of {len(A)} layer{'s' if len(A) > 1 else ''}"
