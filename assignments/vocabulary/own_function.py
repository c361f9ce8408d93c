"""A wrong derivative that is the derivative of the student's own function: then it is that function which is wrong.

Told by finite differences of the student's function along a few random directions. A derivative that fits in all of
them, in every trial, belongs to it: one that does not would have to be right there to five digits by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assignments.asking import Ask, Call, Got
from assignments.vocabulary.approximating import ROUGH, relative_error
from assignments.vocabulary.trials import Trial, Tried
from reference.comparators.numbers import Floats, Numbers, to_numbers
from reference.plain import Plain
from reference.relations import Diagnosis

KEY = "derivative-of-own-function"
DIRECTIONS = 3
STEP = 1e-5
NEAR = 1e-5  # of the longest that a change along the direction can be
MOST_LAYERS = 100


def flat(trial: Trial, value: Plain) -> Floats | None:
    """All numbers of a result, one after the other, also of a list of layers of differing shapes."""
    numbers = to_numbers(value)
    if isinstance(numbers, Numbers):
        return numbers.array.ravel()
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST_LAYERS:
        return None
    layers = [to_numbers(layer) for layer in value]
    arrays = [layer.array.ravel() for layer in layers if isinstance(layer, Numbers)]
    return np.concatenate(arrays) if len(arrays) == len(layers) else None


def gradient_times(derivative: Floats, direction: Sequence[Floats]) -> Floats:
    return np.atleast_1d(derivative @ np.concatenate([np.ravel(part) for part in direction]))


@dataclass(frozen=True, eq=False)
class OwnFunction:
    """The function whose derivative is asked, as the student has it; `names` are what it is made of.

    `point` are the arrays by which is derived, and `call` asks for the value with others in their place; `value` reads
    the reply as numbers (None: nothing usable). `change` is what a derivative foretells of them for a step in a
    direction. `derivative` asks for the derivative anew, where the one at hand rests on values that were not the
    student's.
    """

    names: Sequence[str]
    point: Callable[[Trial], Sequence[Floats]]
    call: Callable[[Trial, Sequence[Floats]], Call]
    value: Callable[[Trial, Plain], Floats | None] = flat
    change: Callable[[Floats, Sequence[Floats]], Floats] = gradient_times
    derivative: Callable[[Trial], Call] | None = None
    read: Callable[[Trial, Plain], Floats | None] = flat


def derivative_of_own(ask: Ask, own: OwnFunction, tried: Sequence[Tried]) -> Diagnosis | None:
    """For `FunctionTask.recognise`."""
    if all(map(_nearly_right, tried)):
        return None
    steps = [(t.trial, direction) for t in tried for direction in _directions(ask.rng, own.point(t.trial))]
    slopes = _slopes(ask, own, steps)
    derivatives = [derivative for derivative in _derivatives(ask, own, tried) for _ in range(DIRECTIONS)]
    for derivative, (_, direction), slope in zip(derivatives, steps, slopes, strict=True):
        if derivative is None or slope is None or not _fits(own, derivative, direction, slope):
            return None
    return Diagnosis(KEY, _sentence(own.names)) if any(np.any(slope) for slope in slopes) else None


def _nearly_right(t: Tried) -> bool:
    """A right function has that derivative too, by its differences or in single precision: nothing is wrong with it."""
    error = relative_error(t)
    return t.right or (error is not None and error <= ROUGH)


def _derivatives(ask: Ask, own: OwnFunction, tried: Sequence[Tried]) -> list[Floats | None]:
    asked = own.derivative
    replies = [t.reply for t in tried] if asked is None else ask.calls([asked(t.trial) for t in tried])
    return [own.read(t.trial, r.value) if isinstance(r, Got) else None for t, r in zip(tried, replies, strict=True)]


def _directions(rng: np.random.Generator, point: Sequence[Floats]) -> list[list[Floats]]:
    return [[rng.normal(size=np.shape(part)) for part in point] for _ in range(DIRECTIONS)]


def _slopes(ask: Ask, own: OwnFunction, steps: Sequence[tuple[Trial, Sequence[Floats]]]) -> list[Floats | None]:
    """How fast the function's value changes along each direction, in one round trip."""
    calls = [
        own.call(trial, [at + sign * STEP * part for at, part in zip(own.point(trial), direction, strict=True)])
        for trial, direction in steps
        for sign in (1, -1)
    ]
    trials = [trial for trial, _ in steps for _ in (1, -1)]
    values = [
        own.value(trial, reply.value) if isinstance(reply, Got) else None
        for trial, reply in zip(trials, ask.calls(calls), strict=True)
    ]
    return [
        (above - below) / (2 * STEP) if above is not None and below is not None and above.shape == below.shape else None
        for above, below in zip(values[::2], values[1::2], strict=True)
    ]


def _fits(own: OwnFunction, derivative: Floats, direction: Sequence[Floats], slope: Floats) -> bool:
    try:
        change = own.change(derivative, direction)
    except ValueError:  # of another shape than what it derives
        return False
    length = float(np.linalg.norm(derivative)) * float(np.sqrt(sum(np.sum(part**2) for part in direction)))
    if change.shape != slope.shape or not np.isfinite(length):  # with infinity, everything would be near enough
        return False
    return bool(np.all(np.abs(change - slope) <= NEAR * length))


def _sentence(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"This is the derivative of your own {names[0]}, which is not right yet: mend that first, then this."
    together = " and ".join(names)
    return f"This is the derivative of your own {together}, which are not both right yet: mend those first, then this."
