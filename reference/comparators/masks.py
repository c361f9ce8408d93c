"""Dropout, seen in the outputs of a network that sends single units straight through.

A column of the values holds what one hidden unit gave over many images, divided by what it gives when nothing is
dropped: 0 where it was dropped, 1 / (1 - p) where it was kept. Columns come in pairs that hang on the same channel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference.comparators.numbers import Floats

SAME = 2e-3  # relative
# A share of n independent draws is off by more than this with a probability below 1e-7 for n >= 1200.
SHARE_OFF = 0.085
AGREE_OFF = 0.16  # the same for two columns of 400 draws


@dataclass(frozen=True)
class Masks:
    """`levels`: the distinct values other than 0. `kept`: share of values that are not 0. `pairs_agree`,
    `others_agree`: share of draws in which two columns on the same channel, or on different ones, are both dropped or
    both kept. `levels_exact`: every column has the same single level."""

    levels: tuple[float, ...]
    kept: float
    pairs_agree: float
    others_agree: float

    @property
    def level(self) -> float | None:
        """The one level, if there is one."""
        return self.levels[0] if len(self.levels) == 1 else None


def read_masks(values: Floats) -> Masks:
    """values (draws, 2 k): column i and column k + i are a pair."""
    kept = np.abs(values) > SAME
    half = values.shape[1] // 2
    pairs = float(np.mean(kept[:, :half] == kept[:, half:]))
    others = float(np.mean(kept[:, 0 : half - 1] == kept[:, 1:half]))
    return Masks(_levels(values[kept]), float(np.mean(kept)), pairs, others)


def kept_as_asked(masks: Masks, keep: float) -> bool:
    """Is a share `keep` kept and scaled by its reciprocal?"""
    level = masks.level
    return level is not None and abs(level * keep - 1) <= 2 * SAME and abs(masks.kept - keep) <= SHARE_OFF


def agree(share: float, keep: float) -> bool:
    """Do two columns agree as often as independent ones do?"""
    return abs(share - (keep**2 + (1 - keep) ** 2)) <= AGREE_OFF


def _levels(values: Floats) -> tuple[float, ...]:
    found: list[float] = []
    for value in np.sort(values.ravel()):
        if not found or abs(value - found[-1]) > SAME * abs(value):
            found.append(float(value))
        if len(found) > 8:
            break
    return tuple(found)
