"""A stamp says that an environment is whole, and from what it was made.

It is written last. An environment without a stamp, with a stamp made in another place, or whose Python is
gone, is not whole: it is made anew. One whose inputs alone have changed is brought up to date.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

FORMAT = 2  # part of every digest: raise it when the way environments are made changes


class State(Enum):
    CURRENT = "current"
    OUTDATED = "outdated"  # whole, but made from other inputs
    BROKEN = "broken"  # missing, half-made, moved, or its Python is gone


@dataclass(frozen=True)
class Stamp:
    inputs: str  # sha256, hex
    place: str  # absolute path of the environment: console scripts hold it, so a moved one does not work
    python: str  # "3.11.7"


def digest(files: Iterable[Path], *words: str) -> str:
    """Of the contents of `files` and of `words`. A missing file raises FileNotFoundError."""
    total = hashlib.sha256(str(FORMAT).encode())
    for file in files:
        content = file.read_bytes()
        total.update(f"\0{file.name}\0{len(content)}\0".encode() + content)
    for word in words:
        total.update(f"\1{word}".encode())
    return total.hexdigest()


def read(file: Path) -> Stamp | None:
    try:
        return Stamp(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write(file: Path, stamp: Stamp) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(stamp), indent=1))
    os.replace(fresh, file)


def state(environment: Path, name: str, inputs: str) -> State:
    """Of the layer `name` of an environment whose inputs now have the digest `inputs`."""
    stamp = read(path(environment, name))
    if unfinished(environment).exists():
        return State.BROKEN
    if stamp is None or stamp.place != str(environment) or not python(environment).exists():
        return State.BROKEN
    return State.CURRENT if stamp.inputs == inputs else State.OUTDATED


def path(environment: Path, name: str) -> Path:
    return environment / f".made-{name}.json"


def python(environment: Path) -> Path:
    return environment / "bin" / "python"


def unfinished(environment: Path) -> Path:
    """This file is there while the environment is being changed; left behind, it tells of an interruption."""
    return environment / ".unfinished"
