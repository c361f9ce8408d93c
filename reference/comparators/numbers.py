"""From a hostile plain value to an array of numbers, or a sentence that says why it is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reference.plain import Opaque, Plain, TensorValue

Floats: TypeAlias = NDArray[np.float64]

MOST_NUMBERS = 20_000_000
MOST_DEPTH = 12
MOST_LISTED = 50_000  # entries of nested lists, which are slow to read; larger data comes as arrays


@dataclass(frozen=True, eq=False)
class Numbers:
    """`precision` is the machine epsilon of what was sent (float32 → 1.2e-7); `form` is "array", "list",
    "tensor" or "number"."""

    array: Floats
    precision: float
    form: str
    requires_grad: bool = False


@dataclass(frozen=True)
class NoNumbers:
    """`problem` completes the sentence "the result …"; `key` is the diagnosis."""

    key: str
    problem: str


def to_numbers(value: Plain) -> Numbers | NoNumbers:
    """Read a value as float64 numbers of its own shape. Never raises."""
    if isinstance(value, TensorValue):
        read = _from_array(value.array, "tensor")
        return Numbers(read.array, read.precision, "tensor", value.requires_grad) if isinstance(read, Numbers) else read
    if isinstance(value, np.ndarray):
        return _from_array(value, "array")
    if isinstance(value, bool | int | float):
        try:
            return Numbers(np.asarray(float(value)), float(np.finfo(np.float64).eps), "number")
        except OverflowError:
            return NoNumbers("too-large", "is a whole number too large to compare")
    if isinstance(value, list | tuple):
        return _from_list(value)
    return _named(value)


def _from_array(array: object, form: str) -> Numbers | NoNumbers:
    if not isinstance(array, np.ndarray) or array.size > MOST_NUMBERS:
        return NoNumbers("too-large", "is too large to compare")
    kind = array.dtype.kind
    if kind == "c":
        return NoNumbers("complex", "is complex where a real number is expected")
    if kind not in "biuf":
        return NoNumbers("not-numbers", f"is an array of {array.dtype.name:.30}, not of numbers")
    eps = float(np.finfo(array.dtype).eps) if kind == "f" else float(np.finfo(np.float64).eps)
    with np.errstate(all="ignore"):
        return Numbers(np.asarray(array, dtype=np.float64), max(eps, float(np.finfo(np.float64).eps)), form)


def _from_list(value: list[Plain] | tuple[Plain, ...]) -> Numbers | NoNumbers:
    """Nested lists of numbers, or of equally shaped arrays."""
    left = [MOST_LISTED]

    def build(item: Plain, depth: int) -> Numbers | NoNumbers:
        left[0] -= 1
        if left[0] < 0 or depth > MOST_DEPTH:
            return NoNumbers("too-large", "is a list too long or too deeply nested to compare")
        if not isinstance(item, list | tuple):
            return to_numbers(item)
        if len(item) > left[0]:
            return NoNumbers("too-large", "is a list too long to compare")
        parts: list[Numbers] = []
        for entry in item:
            part = build(entry, depth + 1)
            if isinstance(part, NoNumbers):
                return part
            parts.append(part)
        if len({part.array.shape for part in parts}) > 1:
            return NoNumbers("ragged", "is a list whose entries have different shapes")
        if sum(part.array.size for part in parts) > MOST_NUMBERS:
            return NoNumbers("too-large", "is too large to compare")
        array = np.array([part.array for part in parts], dtype=np.float64)
        return Numbers(array, max([float(np.finfo(np.float64).eps), *(p.precision for p in parts)]), "list")

    return build(value, 0)


def _named(value: Plain) -> NoNumbers:
    if value is None:
        return NoNumbers("returns-none", "is None: is a `return` missing?")
    if isinstance(value, str):
        return NoNumbers("returns-text", "is text, not a number")
    if isinstance(value, complex):
        return NoNumbers("complex", "is complex where a real number is expected")
    if isinstance(value, dict):
        return NoNumbers("not-numbers", "is a dictionary, not numbers")
    if isinstance(value, Opaque):
        name = value.type_name if isinstance(value.type_name, str) else "object"
        return NoNumbers("not-numbers", f"is of the type `{name[:60]}`, not numbers")
    return NoNumbers("not-numbers", "is not made of numbers")
