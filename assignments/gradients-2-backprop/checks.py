"""Gradients 2: forward and backward pass of fresh networks, of the notebook's shape and of others.

Shapes are the notebook's: weights (outputs, inputs), biases (outputs, 1), input and target columns (size, 1). The
notebook's globals `K`, `d_loss_d_output`, `indicator_function` and `ReLU` are given code of the starter.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assignments.vocabulary import Ask, FunctionTask, Outcome, Setting, Share, Trial, check, combine, judge_function
from reference.comparators.arrays import Comparison, Tolerance, compare_array
from reference.comparators.components import component
from reference.comparators.layers import compare_layers
from reference.implementations import gradients
from reference.misconceptions import Misconception
from reference.plain import Plain

TOLERANCE = Tolerance(relative=1e-6, absolute=1e-10)
GIVEN = """
def ReLU(preactivation):
    return preactivation.clip(0.0)

def d_loss_d_output(net_output, y):
    return 2 * (net_output - y)

def indicator_function(x):
    return (x >= 0) * 1.0
"""
GIVEN_NOTE = "Graded with the starter's own `ReLU`, `d_loss_d_output` and `indicator_function`."
SETTINGS = (Setting(), Setting(given=GIVEN, note=GIVEN_NOTE))


def layers(got: Plain, want: Sequence[gradients.Floats]) -> Comparison:
    return compare_layers(got, want, TOLERANCE)


def single(got: Plain, want: gradients.Floats) -> Comparison:
    return compare_array(got, want, TOLERANCE)


@dataclass(frozen=True, eq=False)
class Together:
    """A function of the notebook that returns `count` values together."""

    function: str
    parameters: tuple[str, ...]
    count: int
    reference: Callable[..., Sequence[Any]]
    misconceptions: Sequence[Misconception]
    approximate: float | None = None  # what finite differences earn

    def task(self, index: int, compare: Callable[[Plain, Any], Comparison]) -> FunctionTask:
        """The task for the `index`-th of the values."""

        def picked(compute: Callable[..., Sequence[Any]]) -> Callable[..., Any]:
            return lambda *arguments: compute(*arguments)[index]

        def compared(got: Plain, want: Any) -> Comparison:
            value = component(got, index, self.count)
            return value if isinstance(value, Comparison) else compare(value, want)

        return FunctionTask(
            function=self.function,
            parameters=self.parameters,
            reference=picked(self.reference),
            misconceptions=[Misconception(m.key, m.sentence, picked(m.wrong)) for m in self.misconceptions],
            compare=compared,
            placeholder=0.0,
            notebook_globals={name: (name,) for name in self.parameters},
            settings=SETTINGS,
            approximate=self.approximate,
        )


FORWARD = Together(
    function="compute_network_output",
    parameters=("net_input", "all_weights", "all_biases"),
    count=3,
    reference=gradients.compute_network_output,
    misconceptions=gradients.COMPUTE_NETWORK_OUTPUT,
)
BACKWARD = Together(
    function="backward_pass",
    parameters=("all_weights", "all_biases", "all_f", "all_h", "y"),
    count=2,
    reference=gradients.backward_pass,
    misconceptions=(
        *gradients.BACKWARD_PASS,
        Misconception(
            "results-exchanged",
            "The two results are exchanged: the derivatives by the weights come first.",
            lambda *arguments: gradients.backward_pass(*arguments)[::-1],
        ),
    ),
    approximate=0.5,
)


@check("compute_network_output")
def compute_network_output(ask: Ask) -> Outcome:
    trials = [
        Trial((net.net_input, net.weights, net.biases), net.situation, variables={"K": len(net.weights) - 1})
        for net in networks(ask.rng)
    ]
    return combine(
        [
            Share(0.5, "the output", judge_function(ask, FORWARD.task(0, single), trials)),
            Share(0.25, "`all_f`", judge_function(ask, FORWARD.task(1, layers), trials)),
            Share(0.25, "`all_h`", judge_function(ask, FORWARD.task(2, layers), trials)),
        ]
    )


@check("backward_pass")
def backward_pass(ask: Ask) -> Outcome:
    trials = []
    for net in networks(ask.rng):
        output, all_f, all_h = gradients.compute_network_output(net.net_input, net.weights, net.biases)
        y = output + ask.rng.uniform(0.5, 3.0, size=output.shape) * ask.rng.choice([-1.0, 1.0], size=output.shape)
        arguments = (net.weights, net.biases, all_f, all_h, y)
        trials.append(Trial(arguments, net.situation, variables={"K": len(net.weights) - 1}))
    return combine(
        [
            Share(0.5, "derivatives by the weights", judge_function(ask, BACKWARD.task(0, layers), trials)),
            Share(0.5, "derivatives by the biases", judge_function(ask, BACKWARD.task(1, layers), trials)),
        ]
    )


@dataclass(frozen=True, eq=False)
class Network:
    situation: str
    net_input: gradients.Floats
    weights: list[gradients.Floats]
    biases: list[gradients.Floats]


def networks(rng: np.random.Generator) -> list[Network]:
    """One network of the notebook's shape and three of other depths and widths."""
    width = int(rng.integers(4, 9))
    depth = int(rng.integers(2, 5))
    widths = [int(n) for n in rng.permutation([3, 4, 5, 7])[:3]]
    return [
        network(rng, [1, 6, 6, 6, 6, 6, 1], "for a network of the notebook's shape"),
        network(rng, [1, *[width] * depth, 1], "for a network of another depth"),
        network(rng, [3, *[width] * (depth + 1), 2], "for a network with several inputs and outputs"),
        network(rng, [2, *widths, 3], "for a network whose layers differ in width"),
    ]


def network(rng: np.random.Generator, sizes: Sequence[int], situation: str) -> Network:
    """Drawn again until every hidden layer has units that are on and units that are off."""
    while True:
        inputs = rng.normal(size=(sizes[0], 1)) + 0.3
        pairs = list(itertools.pairwise(sizes))
        weights = [rng.normal(size=(out, into)) * np.sqrt(2.0 / into) for into, out in pairs]
        biases = [rng.normal(size=(out, 1)) * 0.7 for _, out in pairs]
        _, all_f, _ = gradients.compute_network_output(inputs, weights, biases)
        on = [int(np.count_nonzero(f > 0.01)) for f in all_f[:-1]]
        off = [int(np.count_nonzero(f < -0.01)) for f in all_f[:-1]]
        if min(on) >= 2 and min(off) >= 1 and all(a + b == f.size for a, b, f in zip(on, off, all_f, strict=False)):
            return Network(situation, inputs, weights, biases)
