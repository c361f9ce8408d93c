"""Loops of the notebook over batches (`train`, `evaluate`), run on a small model and data that the check draws.

The model is the one of reference.implementations.epochs; it is made in the kernel from drawn weights, and its weights
are read when the loop is over.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assignments.asking import Ask
from assignments.outcome import Outcome
from assignments.vocabulary.combining import Share, combine
from assignments.vocabulary.probes import as_probe, judge_probe
from assignments.vocabulary.trials import FunctionTask, Setting, Trial
from reference.comparators.arrays import Comparison, Tolerance
from reference.comparators.layers import compare_layers
from reference.implementations.epochs import TRAINING_SCALE, other_accuracy
from reference.misconceptions import Misconception
from reference.plain import Plain

CLOSE = Tolerance(relative=1e-5, absolute=1e-7)  # accuracies come in single precision

_PROBE = f"""
def _probe(weight, bias, x, y, batch, *rate):
    import __main__, torch
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.tensor(weight))
            self.bias = torch.nn.Parameter(torch.tensor(bias))
        def forward(self, x):
            scores = torch.nn.functional.linear(x, self.weight, self.bias)
            return scores * {TRAINING_SCALE} if self.training else scores
    model = Model().train(BEGINS)
    data = torch.utils.data.TensorDataset(torch.tensor(x), torch.tensor(y))
    iterator = torch.utils.data.DataLoader(data, batch_size=batch)
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = [torch.optim.SGD([model.weight, model.bias], lr=r) for r in rate]
    result = __main__.NAME(model, iterator, *optimizer, criterion, torch.device('cpu'))
    return result, model.weight, model.bias
"""
_STAND_IN = """
def calculate_accuracy(y_pred, y):
    return (y_pred[:, 0] > 0.3 * y).double().mean()
"""
_NOTE = (
    "Graded with another function in place of your `calculate_accuracy`, so that a mistake there does not count twice."
)


@dataclass(frozen=True, eq=False)
class LoopTask:
    """`reference` gives loss, accuracy and whatever is compared after them; `misconceptions` takes the accuracy in
    force. A group is a label, its share of the points and the places of its values among all."""

    name: str
    arguments: str
    reference: Callable[..., list[Any]]
    misconceptions: Callable[..., Sequence[Misconception]]
    begins_in_training: bool
    groups: Sequence[tuple[str, float, tuple[int, ...]]]
    credit: Mapping[str, float]


def judge_loop(ask: Ask, task: LoopTask, drawn: Sequence[tuple[Any, ...]]) -> Outcome:
    """Each group of values on its own, on the same models; then the same with another `calculate_accuracy`."""
    trials = [Trial(arguments, count=len(arguments[2])) for arguments in drawn]
    shares = [
        Share(fraction, label, judge_probe(ask, [task.name], _function(task, places), trials))
        for label, fraction, places in task.groups
    ]
    return combine(shares)


def _function(task: LoopTask, places: tuple[int, ...]) -> FunctionTask:
    shown = f"{task.name}({task.arguments})"
    given = as_probe(shown, _PROBE.replace("BEGINS", str(task.begins_in_training)).replace("NAME", task.name))
    other = functools.partial(task.reference, measure=other_accuracy)
    return FunctionTask(
        function=shown,
        parameters=(),
        reference=_picked(task.reference, places),
        misconceptions=[_known(known, places) for known in task.misconceptions()],
        credit=task.credit,
        compare=functools.partial(_compare, places=places),
        settings=(
            Setting(given=given),
            Setting(
                given=_STAND_IN + given,
                reference=_picked(other, places),
                misconceptions=[_known(known, places) for known in task.misconceptions(other_accuracy)],
                note=_NOTE,
            ),
        ),
    )


def _picked(compute: Callable[..., list[Any]], places: tuple[int, ...]) -> Callable[..., list[Any]]:
    def of(*arguments: Any) -> list[Any]:
        values = compute(*arguments)
        return [np.asarray(values[place], dtype=np.float64) for place in places]

    return of


def _known(known: Misconception, places: tuple[int, ...]) -> Misconception:
    return dataclasses.replace(known, wrong=_picked(known.wrong, places))


def _compare(got: Plain, want: list[Any], places: tuple[int, ...]) -> Comparison:
    if not isinstance(got, tuple) or len(got) != 3:
        return Comparison(False, "could not be read", "unreadable-result")
    result, *weights = got
    if max(places) < 2 and result is None:
        return Comparison(False, "is None: the function returns nothing", "returns-none")
    if not isinstance(result, list | tuple) or len(result) != 2:
        if max(places) < 2:
            return Comparison(False, "is not a pair of two numbers, the loss and the accuracy", "not-a-pair")
        result = (None, None)
    values: list[Plain] = [*result, *weights]
    return _without_grad(compare_layers([values[place] for place in places], want, CLOSE))


def _without_grad(comparison: Comparison) -> Comparison:
    """The model's own weights carry gradients, which is no remark to make."""
    return dataclasses.replace(comparison, requires_grad=False)
