"""The share of examples that a classifier gets right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def accuracy(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The share of rows of `scores` (n, classes) whose largest entry is that of the right class (n,)."""
    return float(np.mean(np.argmax(scores, axis=1) == labels))
