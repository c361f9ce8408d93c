"""How far off a value is, in words: as exactly as is known, or so that no answer can be worked out from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

NEAR = (0.05, 0.2)
HALF = (0.5, 1.0)


@dataclass(frozen=True)
class Sizes:
    """`words` turns a relative difference into what completes "is …". `worst`: of several wrong entries the one that is
    furthest off is told of, else the first, because which is the worst tells of their sizes too."""

    words: Callable[[float], str]
    worst: bool = True


def roughly(rng: np.random.Generator) -> Sizes:
    """For an answer that is the same in every run. Exact sizes would give it away, and so would fixed limits, between
    which students could search: these are drawn for every run, and the words are true wherever they lie."""
    near, half = (float(np.exp(rng.uniform(*np.log(limits)))) for limits in (NEAR, HALF))

    def words(relative: float) -> str:
        if relative < near:
            return "close, but not right to the digits asked"
        return "off by more than a few per cent" if relative < half else "off by more than half of its right size"

    return Sizes(words, worst=False)


def _exactly(relative: float) -> str:
    """Such as "off by about 0.4 %"."""
    if not np.isfinite(relative) or relative > 1e6:
        return "off by many orders of magnitude"
    if relative >= 2:
        return f"off by about {relative:.2g} times its right size"
    if relative < 1e-4:
        return f"off by {relative:.1g} of its right size"
    percent = relative * 100
    return f"off by about {percent:.0f} %" if percent >= 10 else f"off by about {percent:.2g} %"


EXACT = Sizes(_exactly)  # for inputs that are drawn for one run
