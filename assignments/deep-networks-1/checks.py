"""Deep networks 1: the composed output. Predictions and the number of regions are marked by a person."""

from __future__ import annotations

import numpy as np

from assignments.asking import Got
from assignments.outcome import Conclusion
from assignments.vocabulary import Ask, Outcome, check
from assignments.vocabulary.variables import KnownValue, VariableTask, judge_reply
from reference.comparators.arrays import Tolerance
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.implementations.deep_networks import (
    NET_1,
    NET_1_VARIED,
    NET_2,
    NET_2_VARIED,
    course_inputs,
)

RESULTS = 10  # of shallow_1_1_3
FEWEST_POINTS = 100
NOT_UNPACKED = 0.5


@check("net12_out")
def net12_out(ask: Ask) -> Outcome:
    reply = ask.read("net12_out")
    if isinstance(reply, Got) and isinstance(reply.value, list | tuple) and len(reply.value) == RESULTS:
        first = judge_reply(Got(reply.value[0]), task(ask), ask.rng)
        if first.conclusion is Conclusion.PASSED:
            message = "`net12_out` holds all ten results of the function; keep the first, which is the output."
            return Outcome(Conclusion.PARTIAL, NOT_UNPACKED, message, "not-unpacked")
    return judge_reply(reply, task(ask), ask.rng)


def task(ask: Ask) -> VariableTask:
    x = course_inputs()
    own = own_inputs(ask)
    return VariableTask(
        name="net12_out",
        right=[NET_2(NET_1(x)), *([] if own is None else [NET_2(NET_1(own))])],
        wrong=known_wrong(x),
        placeholder=0.0,
        tolerance=Tolerance(relative=1e-6, absolute=1e-9),
        follows="is right for your own inputs `x`, which differ from the starter's",
    )


def known_wrong(x: Floats) -> list[KnownValue]:
    varied = "This is the composition of changed networks from further down; the unchanged ones are asked."
    return [
        KnownValue(
            "order-exchanged",
            "The first network is fed with the output of the second; it must be the other way round.",
            NET_1(NET_2(x)),
        ),
        KnownValue("second-network-only", "This is the second network alone, fed with `x`.", NET_2(x)),
        KnownValue("first-network-only", "This is the output of the first network alone.", NET_1(x)),
        KnownValue(
            "sum-for-composition",
            "The two outputs are added; one network must be fed with the output of the other.",
            NET_1(x) + NET_2(x),
        ),
        KnownValue(
            "product-for-composition",
            "The two outputs are multiplied; one network must be fed with the output of the other.",
            NET_1(x) * NET_2(x),
        ),
        KnownValue(
            "same-network-twice", "The first network is fed with its own output; the second is asked.", NET_1(NET_1(x))
        ),
        KnownValue("same-network-twice", "The second network is fed with its own output.", NET_2(NET_2(x))),
        KnownValue("other-network", varied, NET_2_VARIED(NET_1(x))),
        KnownValue("other-network", varied, NET_2(NET_1_VARIED(x))),
    ]


def own_inputs(ask: Ask) -> Floats | None:
    """The notebook's `x` where it is another grid over the same range."""
    reply = ask.read("x")
    read = to_numbers(reply.value) if isinstance(reply, Got) else None
    if not isinstance(read, Numbers) or read.array.ndim != 1 or read.array.size < FEWEST_POINTS:
        return None
    x = read.array
    spans = np.all(np.isfinite(x)) and x.min() < -0.9 and x.max() > 0.9 and np.unique(x).size > FEWEST_POINTS / 2
    return x if spans and not np.any(np.abs(x) > 10) else None
