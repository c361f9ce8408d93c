"""The simplest relation that explains every result at once, so that chance finds none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reference.relations import free
from reference.relations.fixed import RELATIONS
from reference.relations.pairs import Diagnosis, Pair, explains, flat, is_finite

FEWEST_ENTRIES = 2  # over all results, for a relation without a free number


def diagnose(pairs: Sequence[Pair]) -> Diagnosis | None:
    """The first relation that explains every pair; None where none does. NaN and infinity are related to nothing:
    the comparison itself says how many there are. Never raises."""
    usable = [flat(pair) for pair in pairs if pair.want.size]
    if not usable or any(np.size(p.got) != np.size(p.want) or not is_finite(p) for p in usable):
        return None
    if sum(p.want.size for p in usable) < FEWEST_ENTRIES:
        return None
    with np.errstate(all="ignore"):
        for key, sentence, transform in RELATIONS:
            if explains(transform, usable):
                return Diagnosis(key, sentence)
        return (
            free.transposed(pairs)
            or free.constant(usable)
            or free.constant_factor(usable)
            or free.constant_offset(usable)
            or free.shifted(usable)
        )
