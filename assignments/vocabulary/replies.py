"""What to say when the kernel gave no value."""

from __future__ import annotations

import re
from typing import TypeAlias

from assignments.asking import KernelGone, Missing, NotCallable, Raised, TimedOut, Uncarried
from assignments.outcome import Conclusion, Outcome

NoValue: TypeAlias = Missing | NotCallable | Raised | TimedOut | KernelGone | Uncarried

_DIGITS = re.compile(r"[0-9]+")
_LONGEST = 300  # characters of anything that the student's code wrote
_KNOWN_EXCEPTIONS = {
    "NameError": "undefined-name",
    "TypeError": "raises-type-error",
    "ValueError": "raises-value-error",
    "IndexError": "raises-index-error",
    "KeyError": "raises-key-error",
    "AttributeError": "raises-attribute-error",
    "ZeroDivisionError": "divides-by-zero",
    "OverflowError": "overflows",
    "RecursionError": "endless-recursion",
    "MemoryError": "out-of-memory",
    "NotImplementedError": "not-implemented",
    "ModuleNotFoundError": "module-not-found",
    "ImportError": "module-not-found",
}


def explain(reply: NoValue, name: str, situation: str = "") -> Outcome:
    """An outcome without points. `situation` says on what it happened ("in 300 dimensions"), if not on all."""
    where = f" {situation}" if situation else ""
    match reply:
        case Missing():
            return Outcome(Conclusion.MISSING, 0.0, _missing(reply), "renamed" if without_siblings(reply) else None)
        case NotCallable():
            message = f"`{name}` is no function: the notebook sets it to a value of the type `{_cut(reply.type_name)}`."
            return Outcome(Conclusion.FAILED, 0.0, message, "not-a-function")
        case Raised():
            return Outcome(Conclusion.ERROR, 0.0, _raised(reply, name, where), _KNOWN_EXCEPTIONS.get(reply.exception))
        case TimedOut():
            message = f"`{name}` was stopped{where}: it had not finished after {reply.seconds:g} seconds."
            return Outcome(Conclusion.TIMEOUT, 0.0, message, "too-slow")
        case KernelGone():
            message = f"`{name}` could not be tried. {_sentence(reply.reason)}"
            return Outcome(Conclusion.ERROR, 0.0, message, "kernel-gone")
        case Uncarried():
            message = f"The result of `{name}` could not be read{where}. {_sentence(reply.reason)}"
            return Outcome(Conclusion.FAILED, 0.0, message, "unreadable-result")


def _missing(reply: Missing) -> str:
    message = f"The notebook defines no `{reply.name}`."
    near = without_siblings(reply)
    if not near:
        return message  # the worker adds which cell was to define it
    found = ", ".join(f"`{_cut(name)}`" for name in near[:3])
    return f"{message} It does have {found}: rename it to `{reply.name}` and submit again."


def without_siblings(reply: Missing) -> tuple[str, ...]:
    """Of names that differ in a number only (`beta_1`, `beta_2`) none is a slip of the pen for another."""
    own = _DIGITS.sub("#", reply.name)
    return tuple(name for name in reply.near if not _DIGITS.search(name) or _DIGITS.sub("#", name) != own)


def _raised(reply: Raised, name: str, where: str) -> str:
    said = f": {_cut(reply.message)}" if reply.message.strip() else ""
    line = f" The line is: `{_cut(reply.line)}`." if reply.line.strip() else ""
    return f"`{name}` stops with {_cut(reply.exception)}{said}{where and ' (' + where.strip() + ')'}.{line}"


def ended(sentence: str) -> str:
    """With a full stop, unless it ends like a sentence already."""
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _sentence(text: str) -> str:
    text = _cut(text)
    return ended(f"{text[:1].upper()}{text[1:]}") if text else ""


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
