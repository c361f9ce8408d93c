"""Notebooks that attack: one entry each, named after what it tries. See `attack.py` for what an entry says."""

from __future__ import annotations

from collections.abc import Iterable

from . import (
    bombs,
    endless,
    escapes,
    floods,
    forgeries,
    interpreter,
    lent,
    memory,
    neighbours,
    snooping,
    system_calls,
)
from .attack import Attack

FAMILIES: dict[str, Iterable[Attack]] = {
    "bombs": bombs.ATTACKS,
    "memory": memory.ATTACKS,
    "lent": lent.ATTACKS,
    "endless": endless.ATTACKS,
    "floods": floods.ATTACKS,
    "escapes": escapes.ATTACKS,
    "system_calls": system_calls.ATTACKS,
    "forgeries": forgeries.ATTACKS,
    "snooping": snooping.ATTACKS,
    "interpreter": interpreter.ATTACKS,
    "neighbours": neighbours.ATTACKS,
}
ATTACKS = tuple(attack for family in FAMILIES.values() for attack in family)
