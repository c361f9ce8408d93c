"""The structure of a PyTorch network: the shapes of its parameters against those of the layers that were asked.

A shape is PyTorch's: (outputs, inputs) for a fully connected layer, (outputs, inputs, size…) for a convolution, and
(outputs,) for a bias. What a kernel says of shapes is a claim: it explains, and what a network computes decides.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Sequence
from typing import TypeAlias

from reference.comparators.arrays import Comparison
from reference.plain import Plain

Shape: TypeAlias = tuple[int, ...]

MOST_PARAMETERS = 60  # arrays of one network
MOST_AXES = 8
MOST_LISTED = 12
LARGEST = 10**7  # entries along one axis


def compare_structure(got: Plain, want: Sequence[Shape], *, exactly: bool = False) -> Comparison:
    """Every weight of `want` must be among the parameters that `got` lists, in any order and among others.

    `exactly`: these parameters and no others, biases too, in this order. Never raises.
    """
    found = read_shapes(got)
    if found is None:
        return Comparison(False, "is no PyTorch network", "not-a-network")
    absent = list((collections.Counter(_weights(want)) - collections.Counter(_weights(found))).elements())
    if absent:
        return Comparison(False, _without(absent[0], found, want), "layer-sizes")
    if not exactly or found == [tuple(shape) for shape in want]:
        return Comparison(True)
    if collections.Counter(found) == collections.Counter(map(tuple, want)):
        return Comparison(False, f"has the right layers in another order: {_listed(_weights(found))}", "layer-order")
    if _weights(found) == _weights(want):
        return Comparison(False, "has the right weights, but a bias is missing or one too many", "layer-bias")
    problem = f"has {len(_weights(found))} layers with weights; {len(_weights(want))} are asked"
    return Comparison(False, problem, "number-of-layers")


def read_shapes(value: Plain) -> list[Shape] | None:
    """The shapes that the kernel names; None where they are none."""
    if not isinstance(value, list | tuple) or len(value) > MOST_PARAMETERS:
        return None
    shapes: list[Shape] = []
    for entry in value:
        if not isinstance(entry, list | tuple) or len(entry) > MOST_AXES:
            return None
        numbers = [n for n in entry if isinstance(n, int) and not isinstance(n, bool) and 0 < n < LARGEST]
        if len(numbers) != len(entry):
            return None
        shapes.append(tuple(numbers))
    return shapes


def count(shapes: Sequence[Shape]) -> int:
    """The number of parameters."""
    return sum(math.prod(shape) for shape in shapes)


def _weights(shapes: Sequence[Shape]) -> list[Shape]:
    return [tuple(shape) for shape in shapes if len(shape) > 1]


def _without(absent: Shape, found: Sequence[Shape], want: Sequence[Shape]) -> str:
    has = _weights(found)
    listed = f"its weights are {_listed(has)}" if has else "it has no weights at all"
    return (
        f"has no layer whose weight has the shape {absent}: {listed}. That makes {count(found):,} parameters; the "
        f"network of the task has {count(want):,}"
    )


def _listed(shapes: Sequence[Shape]) -> str:
    more = ", …" if len(shapes) > MOST_LISTED else ""
    return ", ".join(map(str, shapes[:MOST_LISTED])) + more
