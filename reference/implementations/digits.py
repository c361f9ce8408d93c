"""400 of scikit-learn's 1797 images of handwritten digits (8x8), for measuring a trained network.

Students have the same images, so they are changed a little, afresh for every run: a table of the images does not help.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

FILE = Path(__file__).parents[1] / "values" / "digits.npz"
BRIGHTEST = 16.0
CLASSES = 10


@functools.cache
def stored() -> tuple[Floats, NDArray[np.int64]]:
    """Images (400, 64) with pixels from 0 to 16, and labels (400,)."""
    with np.load(FILE, allow_pickle=False) as data:
        return data["images"].astype(np.float64), data["labels"].astype(np.int64)


def disturbed(rng: np.random.Generator, noise: float = 0.06) -> tuple[Floats, NDArray[np.int64]]:
    """The images in a new order, scaled to 0…1, with noise and a brightness of their own each; and their labels."""
    images, labels = stored()
    order = rng.permutation(len(labels))
    brightness = rng.uniform(0.85, 1.0, size=(len(labels), 1))
    shown = images[order] / BRIGHTEST * brightness + rng.normal(scale=noise, size=images.shape)
    return np.clip(shown, 0.0, 1.0), labels[order]
