"""A network that the notebook trained on scikit-learn's digits, measured on digits with some noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assignments.asking import Ask, Call, Got
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.probes import as_probe, failed, missing_name, no_value
from reference.comparators.numbers import Numbers, to_numbers
from reference.comparators.thresholds import Band, judge_bands
from reference.implementations import digits
from reference.implementations.accuracies import accuracy


@dataclass(frozen=True)
class TrainedTask:
    """`name` is the notebook's; `shown` says to the student what is asked, and `source` is a probe that asks it with
    images (n, 64). All points for a share `enough` of right answers, half of them for `half`."""

    name: str
    shown: str
    source: str
    enough: float
    half: float


def judge_trained_digits(ask: Ask, task: TrainedTask) -> Outcome:
    gone = missing_name(ask, [task.name])
    if gone is not None:
        return gone
    images, labels = digits.disturbed(ask.rng)
    replies = ask.calls([Call(task.shown, (images,), given=as_probe(task.shown, task.source))])
    stopped = no_value(replies, task.shown)
    if stopped is not None:
        return stopped
    numbers = to_numbers(replies[0].value) if isinstance(replies[0], Got) else None
    if not isinstance(numbers, Numbers) or numbers.array.shape != (len(labels), digits.CLASSES):
        return failed(f"`{task.name}` does not turn (n, 64) images into (n, 10) outputs.", "wrong-shape")
    share = accuracy(numbers.array, labels) if np.all(np.isfinite(numbers.array)) else 0.0
    said = f"On digits with some noise, {share:.0%} of your network's answers are right"
    earned = judge_bands(1 - share, _bands(task)).fraction
    if earned == 1:
        return Outcome(Conclusion.PASSED, 1.0, f"{said}.")
    if earned:
        return Outcome(Conclusion.PARTIAL, earned, f"{said}; {task.enough:.0%} are asked.", "barely-trained")
    return failed(f"{said}; {task.enough:.0%} are asked, and guessing gives 10 %.", "not-trained")


def _bands(task: TrainedTask) -> tuple[Band, ...]:
    """Of the share of wrong answers; exactly `enough` right ones are enough."""
    return tuple(Band(1 - share + 1e-9, earns) for share, earns in ((task.enough, 1.0), (task.half, 0.5)))
