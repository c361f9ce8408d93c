"""A measured number that is better the smaller it is, and earns by the band that it falls into."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Band:
    """Numbers below `below` earn `fraction`."""

    below: float
    fraction: float


@dataclass(frozen=True)
class Banded:
    """`next_below` is the limit of the next better band (None: there is none)."""

    fraction: float
    next_below: float | None


def judge_bands(value: float, bands: Sequence[Band]) -> Banded:
    """The best band that holds the value; NaN and infinity are in none."""
    ordered = sorted(bands, key=lambda band: band.below)
    for position, band in enumerate(ordered):
        if math.isfinite(value) and value < band.below:
            return Banded(band.fraction, ordered[position - 1].below if position else None)
    return Banded(0.0, ordered[-1].below)
