"""A mistake that students are known to make, kept beside the formula that it gets wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Misconception:
    """`wrong` takes the arguments of the reference function and gives what the mistake gives.

    `sentence` tells the student what is wrong without giving the right code. `wrong` may raise or give NaN.
    """

    key: str
    sentence: str
    wrong: Callable[..., Any]
