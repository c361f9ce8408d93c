"""A step downhill whose length is not fixed: any length that lowers the loss far enough along the right line."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reference.comparators.arrays import Comparison, Tolerance, compare_array
from reference.comparators.numbers import Floats
from reference.plain import Plain

OFF_LINE = 1e-6  # how far beside the line, of the step's length
SHARE_OF_GAIN = 0.02  # how much of the reference step's gain may be lost
ANYWHERE = Tolerance(relative=float("inf"))


@dataclass(frozen=True, eq=False)
class StepWanted:
    """From `start` along minus `gradient`, at least as low as `end`; `loss` takes parameters of their shape."""

    start: Floats
    gradient: Floats
    end: Floats
    loss: Callable[[Floats], float]


def compare_step(got: Plain, want: StepWanted | Floats) -> Comparison:
    """With an array as `want` (a mistake's result, or a step whose length is given) the step itself is compared."""
    if not isinstance(want, StepWanted):
        scale = float(np.max(np.abs(want), initial=0.0))
        return compare_array(got, want, Tolerance(relative=1e-6, absolute=1e-9 * scale))
    form = compare_array(got, want.end, ANYWHERE)
    if form.numbers is None or form.numbers.size != want.end.size or not np.all(np.isfinite(form.numbers)):
        return dataclasses.replace(form, equal=False, reference=want.end)
    place = form.numbers.reshape(want.end.shape)
    problem, key = _judge(place, want)
    return Comparison(not problem, problem, key, form.numbers, want.end, requires_grad=form.requires_grad)


def _judge(place: Floats, want: StepWanted) -> tuple[str, str | None]:
    """What is wrong with the step, or nothing. A diagnosis only where the gradient is seen to be right: what a
    student's own wrong one does to the step is unknown."""
    moved = (place - want.start).ravel()
    downhill = -want.gradient.ravel()
    length, steepness = float(np.linalg.norm(moved)), float(np.linalg.norm(downhill))
    if length <= 1e-9 * max(1.0, float(np.linalg.norm(want.start))):
        return "is where the step began: the parameters do not move", None
    forward = float(moved @ downhill) / (length * steepness)
    if forward < 0:
        return "lies uphill: the step goes along the gradient, not against it", None
    if np.linalg.norm(moved - forward * length * downhill / steepness) > OFF_LINE * length:
        return "does not lie on the line through the old parameters along the gradient", None
    before, best, now = want.loss(want.start), want.loss(want.end), want.loss(place)
    if now > best + SHARE_OF_GAIN * (before - best):
        return "lies on the right line, but the length of the step is not the best one along it", "step-length"
    return "", None
