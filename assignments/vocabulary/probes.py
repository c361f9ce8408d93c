"""Probes: small functions of the check's own that reach the student's classes, objects and procedures.

A probe runs in the student's process, so nothing that it says is believed: it is called with drawn inputs, and what
comes back is compared like any other result. Its name, which need not be an identifier, is what the student reads
in messages.
"""

from __future__ import annotations

from collections.abc import Sequence

from assignments.asking import Ask, Got, Missing, Reply
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.functions import judge_function
from assignments.vocabulary.replies import explain
from assignments.vocabulary.trials import FunctionTask, Trial


def as_probe(shown: str, source: str, entry: str = "_probe") -> str:
    """Source for `given`: `source` defines `entry`, which can then be called under the name `shown`.

    `shown` must not be an identifier: it would stand in the way of the student's own name. Raises ValueError.
    """
    if shown.isidentifier():
        raise ValueError(f"{shown!r} could be a name of the notebook")
    return f"{source}\nglobals()[{shown!r}] = globals().pop({entry!r})\n"


def missing_name(ask: Ask, names: Sequence[str]) -> Outcome | None:
    """An outcome that says which of the notebook's names is missing, or None where all are there."""
    for name in names:
        reply = ask.read(name)
        if isinstance(reply, Missing):
            return explain(reply, name)
    return None


def judge_probe(ask: Ask, needs: Sequence[str], task: FunctionTask, trials: Sequence[Trial]) -> Outcome:
    """`judge_function` for a task whose function is a probe that needs these names of the notebook."""
    return missing_name(ask, needs) or judge_function(ask, task, trials)


def no_value(replies: Sequence[Reply], shown: str) -> Outcome | None:
    """The outcome of the first reply that holds no value; None where all do."""
    for reply in replies:
        if not isinstance(reply, Got):
            return explain(reply, shown)
    return None


def failed(message: str, diagnosis: str | None = None, staff: str = "") -> Outcome:
    """No points."""
    return Outcome(Conclusion.FAILED, 0.0, message, diagnosis, staff)
