"""The numbers that the course material prints, frozen with where they come from (`reference/values/*.toml`)."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "values"


@dataclass(frozen=True)
class FrozenValue:
    """`printed` is what the material shows, if it shows the number; `value` holds all digits, recomputed."""

    name: str
    value: float
    printed: str
    source: str


@functools.cache
def frozen_values(topic: str) -> dict[str, FrozenValue]:
    """All numbers of one topic by name. Raises FileNotFoundError, KeyError or tomllib.TOMLDecodeError."""
    data = tomllib.loads((FOLDER / f"{topic}.toml").read_text(encoding="utf-8"))
    return {
        name: FrozenValue(name, float(entry["value"]), entry.get("printed", ""), entry["source"])
        for name, entry in data.items()
    }


def frozen(topic: str, name: str) -> float:
    """One number with all its digits. Raises KeyError."""
    return frozen_values(topic)[name].value
