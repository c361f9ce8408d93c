"""Gradients 1: the variables of forward pass, backward pass and last step, each judged on its own.

A variable is right if it has its value, or if it follows rightly from the student's own variables before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from assignments.asking import Got, Reply
from assignments.vocabulary import Ask, Outcome, Share, check, combine
from assignments.vocabulary.variables import KnownValue, VariableTask, judge_reply
from reference.comparators.numbers import Numbers, to_numbers
from reference.implementations import toy_gradients
from reference.implementations.toy_gradients import Step, Values

PLACEHOLDER = 1.0
BACKWARD_POINTS = {"dydh3": 4, "dydf2": 5, "dydh2": 4, "dydf1": 5, "dydh1": 4, "dydf0": 6}


@check("forward_pass")
def forward_pass(ask: Ask) -> Outcome:
    return judge(ask, {step.name: 4 for step in toy_gradients.FORWARD}, earlier=())


@check("backward_pass")
def backward_pass(ask: Ask) -> Outcome:
    return judge(ask, BACKWARD_POINTS, earlier=[step.name for step in (*toy_gradients.FORWARD, *toy_gradients.GIVEN)])


@check("parameter_derivatives")
def parameter_derivatives(ask: Ask) -> Outcome:
    asked = {step.name: 4 for step in toy_gradients.BY_PARAMETERS if step.name != "dydbeta4"}
    before = (*toy_gradients.FORWARD, *toy_gradients.GIVEN, *toy_gradients.BACKWARD)
    return judge(ask, asked, earlier=[step.name for step in before])


def judge(ask: Ask, points: Mapping[str, int], earlier: Sequence[str]) -> Outcome:
    """`points` names the variables that are asked; those in `earlier` may be wrong without doing harm twice."""
    true = toy_gradients.all_values()
    replies = {name: ask.read(name) for name in (*earlier, *points)}
    own = true | {name: value for name, reply in replies.items() if (value := followed(reply)) is not None}
    total = sum(points.values())
    steps = [step for step in toy_gradients.STEPS if step.name in points]
    return combine(
        [
            Share(
                points[step.name] / total,
                f"`{step.name}`",
                judge_reply(replies[step.name], task(step, true, own), ask.rng),
            )
            for step in steps
        ]
    )


def task(step: Step, true: Values, own: Values) -> VariableTask:
    placeholder = None if true[step.name] == PLACEHOLDER else PLACEHOLDER
    right = [true[step.name], *computed(step.rule, own)]
    wrong = [
        KnownValue(known.key, known.sentence, value)
        for values in (true, own)
        for known in step.wrong
        for value in computed(known.wrong, values)
    ]
    return VariableTask(step.name, right, wrong, placeholder)


def computed(rule: toy_gradients.Rule, values: Values) -> Iterator[float]:
    """The rule's value, or none where the student's numbers allow none (the logarithm of a negative one)."""
    try:
        yield float(rule(values))
    except (ArithmeticError, ValueError, LookupError):
        return


def followed(reply: Reply) -> float | None:
    """A value of the student's own that later ones may follow from, else None.

    Nothing follows from a zero or a huge number: it would make every later zero right.
    """
    value = number(reply)
    return value if value is not None and 1e-3 <= abs(value) <= 1e3 else None


def number(reply: Reply) -> float | None:
    """A single number that was read, else None."""
    if not isinstance(reply, Got):
        return None
    read = to_numbers(reply.value)
    return float(read.array.ravel()[0]) if isinstance(read, Numbers) and read.array.size == 1 else None
