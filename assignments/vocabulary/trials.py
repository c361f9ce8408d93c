"""Calling a student's function with inputs drawn for this run, and comparing what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assignments.asking import Ask, Call, Got, Reply
from reference.comparators.arrays import Comparison, compare_array
from reference.misconceptions import Misconception
from reference.plain import Plain
from reference.relations import Diagnosis


@dataclass(frozen=True)
class Part:
    """A share of the points, earned when every trial of the part is right.

    `label` completes "right …" and "wrong …" for the student: "up to 150 dimensions".
    """

    key: str
    fraction: float
    label: str = ""


ALL = Part("all", 1.0)
CREDIT: Mapping[str, float] = {"rounded-float32": 0.8}


@dataclass(frozen=True, eq=False)
class Trial:
    """One set of arguments. `situation` says to the student what is special about it, without the values;
    `count` is the number of data points behind it (0: no such number); `variables` are globals set for this
    call, on top of the setting's."""

    arguments: tuple[Any, ...]
    situation: str = ""
    part: str = ALL.key
    count: int = 0
    variables: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Setting:
    """Globals set for the call.

    A stand-in for another of the student's functions goes into `given`, and `reference` (and `misconceptions`)
    then compute with the stand-in too: so a mistake there does not count twice, and no right answer enters the
    kernel. `note` tells the student when this setting decided, `always_noted` also where it earned nothing.
    """

    variables: Mapping[str, Plain] = field(default_factory=dict)
    given: str = ""
    reference: Callable[..., Any] | None = None
    misconceptions: Sequence[Misconception] | None = None
    note: str = ""
    always_noted: bool = False


@dataclass(frozen=True, eq=False)
class FunctionTask:
    """What one function must do.

    `reference` takes the trial's arguments. `credit` maps a diagnosis to the fraction that it still earns (a result
    that is right but for single precision earns most, unless the assignment says otherwise: see `CREDIT`).
    `notebook_globals` maps a parameter to the globals that the material passes for it: they are tried to tell
    a function that reads the global from one that uses its argument. `notebook_results` are globals that hold the
    function's own result in the material. `approximate` is what finite differences earn where a derived gradient is
    asked (None: as much as that). `recognise` is a look of the check's own.
    """

    function: str
    parameters: tuple[str, ...]
    reference: Callable[..., Any]
    parts: tuple[Part, ...] = (ALL,)
    misconceptions: Sequence[Misconception] = ()
    credit: Mapping[str, float] = field(default_factory=dict)
    compare: Callable[[Plain, Any], Comparison] = compare_array
    placeholder: float | None = None
    notebook_globals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notebook_results: tuple[str, ...] = ()
    elementwise: tuple[int, ...] = ()
    approximate: float | None = None
    recognise: Callable[[Sequence[Tried]], Diagnosis | None] | None = None
    settings: tuple[Setting, ...] = (Setting(),)

    def credit_for(self, diagnosis: str) -> float:
        if diagnosis == "finite-differences" and self.approximate is not None:
            return self.approximate
        return self.credit.get(diagnosis, CREDIT.get(diagnosis, 0.0))


@dataclass(frozen=True, eq=False)
class Tried:
    """One trial's result; `comparison` is None where no value came."""

    trial: Trial
    reply: Reply
    want: Any
    comparison: Comparison | None

    @property
    def right(self) -> bool:
        return self.comparison is not None and self.comparison.equal


def try_all(ask: Ask, task: FunctionTask, trials: Sequence[Trial], setting: Setting) -> list[Tried]:
    """One round trip for all trials."""
    reference = setting.reference or task.reference
    replies = ask.calls(
        [
            Call(
                task.function, trial.arguments, variables={**setting.variables, **trial.variables}, given=setting.given
            )
            for trial in trials
        ]
    )
    tried = []
    for trial, reply in zip(trials, replies, strict=True):
        want = reference(*trial.arguments)
        comparison = task.compare(reply.value, want) if isinstance(reply, Got) else None
        tried.append(Tried(trial, reply, want, comparison))
    return tried
