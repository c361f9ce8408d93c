"""Reading the fields of a message that anybody may have written: of the agreed kind and size, or MessageError.

Standard library only: the grader reads messages too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

MAX_TEXT = 4_000  # characters of any one text in a message

E = TypeVar("E", bound=StrEnum)


class MessageError(ValueError):
    """A message that does not have the agreed form. The text names the field."""


def mapping(data: object, name: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise MessageError(f"{name}: expected an object, got {type(data).__name__}")
    return data


def listed(raw: Mapping[str, Any], name: str, most: int) -> list[Any]:
    value = raw.get(name, [])
    if not isinstance(value, list | tuple):
        raise MessageError(f"{name}: expected a list, got {type(value).__name__}")
    if len(value) > most:
        raise MessageError(f"{name}: {len(value)} entries, at most {most} are allowed")
    return list(value)


def text(raw: Mapping[str, Any], name: str, *, empty: bool = False) -> str:
    value = raw.get(name, "" if empty else None)
    if not isinstance(value, str) or (not value and not empty):
        raise MessageError(f"{name}: expected text, got {value!r:.80}")
    return value[:MAX_TEXT]


def number(raw: Mapping[str, Any], name: str, *, low: float, high: float) -> float:
    value = raw.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise MessageError(f"{name}: expected a finite number, got {value!r:.80}")
    if not low <= value <= high:
        raise MessageError(f"{name}: {value} is not between {low} and {high}")
    return float(value)


def enum(kind: type[E], raw: Mapping[str, Any], name: str) -> E:
    try:
        return kind(raw.get(name, ""))
    except ValueError:
        raise MessageError(f"{name}: {raw.get(name)!r:.80} is not one of {', '.join(kind)}") from None
