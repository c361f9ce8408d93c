"""What a check may ask of the student's kernel, and what it may get back.

The check never sees the kernel: it holds an `Ask`, which the worker implements. Every reply is one of the
dataclasses below; a check must say something about each of them (assignments.vocabulary does so for the usual
cases).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np

from reference.plain import Plain


@dataclass(frozen=True)
class Got:
    """A value. `changed_arguments` names the positions of arguments that the call altered in place."""

    value: Plain
    changed_arguments: tuple[int, ...] = ()


@dataclass(frozen=True)
class Missing:
    """No such name in the notebook. `near` are names that it does have and that look alike."""

    name: str
    near: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotCallable:
    """The name holds something that cannot be called."""

    name: str
    type_name: str


@dataclass(frozen=True)
class Raised:
    """The student's function raised. `line` is the line of its source that did, as text ("" if unknown)."""

    exception: str
    message: str
    line: str = ""


@dataclass(frozen=True)
class TimedOut:
    seconds: float


@dataclass(frozen=True)
class KernelGone:
    """The kernel died or was ended; `reason` is a sentence for the student."""

    reason: str


@dataclass(frozen=True)
class Uncarried:
    """The value is too large, too deep or malformed; `reason` is a sentence for the student."""

    reason: str


Reply: TypeAlias = Got | Missing | NotCallable | Raised | TimedOut | KernelGone | Uncarried


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a student's function.

    `arguments` are copied into the kernel, so the check's own arrays never change. `variables` are set as
    globals of the notebook for the length of the call and put back afterwards (material such as `K`);
    `given` is source of ours whose names are set the same way (`def indicator_function(x): …`).
    """

    function: str
    arguments: Sequence[Plain] = ()
    keywords: Mapping[str, Plain] = field(default_factory=dict)
    variables: Mapping[str, Plain] = field(default_factory=dict)
    given: str = ""


class Ask(Protocol):
    """The student's kernel, as a check sees it, at one moment of the notebook."""

    @property
    def rng(self) -> np.random.Generator:
        """Seeded afresh for every run from a seed that never enters the kernel."""

    @property
    def answers(self) -> Mapping[str, str]:
        """What the student typed into the answer fields, stripped; absent keys were left empty."""

    def call(self, function: str, *arguments: Plain, **options: object) -> Reply:
        """`calls([Call(function, arguments, **options)])[0]`."""

    def calls(self, calls: Sequence[Call]) -> list[Reply]:
        """The replies in order, for one round trip."""

    def read(self, name: str) -> Reply:
        """The value of a global variable of the notebook."""
