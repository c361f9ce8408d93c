"""Images of 28 by 28 pixels whose labels no notebook gets, for measuring trained networks.

MNIST and FashionMNIST belong to others and are not shipped. Where an assignment's folder holds `withheld/` with the two
IDX files of a test set, those images are used. Elsewhere stand-ins are: handwritten digits of 8 by 8 pixels, enlarged,
400 of them here and the others in the assignment's course files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reference.implementations import digits, idx

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]

SIDE = 28
FOLDER = "withheld"
IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
MOST_SENT = 500


@dataclass(frozen=True, eq=False)
class Labelled:
    """`images` (n, 28, 28) from 0 to 1, `labels` (n,) from 0 to 9."""

    images: Floats
    labels: Labels


def enlarge(images: Floats, box: int) -> Floats:
    """(n, 8, 8) to (n, 28, 28): linearly interpolated to `box` by `box` pixels, in the middle of black."""
    side = images.shape[1]
    places = np.clip((np.arange(box) + 0.5) * side / box - 0.5, 0, side - 1)
    weights = np.maximum(0.0, 1.0 - np.abs(places[:, None] - np.arange(side)[None, :]))
    large = np.zeros((len(images), SIDE, SIDE))
    start = (SIDE - box) // 2
    large[:, start : start + box, start : start + box] = np.einsum(
        "ai,nij,bj->nab", weights, images, weights, optimize=True
    )
    return large


def to_bytes(images: Floats) -> NDArray[np.uint8]:
    """Pixels from 0 to 1 as the bytes of an IDX file."""
    return np.round(np.clip(images, 0.0, 1.0) * 255).astype(np.uint8)


def withheld(package: Path, rng: np.random.Generator, box: int) -> Labelled:
    """At most 500 images in a new order, each a little darker, shifted by up to a pixel and with some noise, so that a
    table of known images does not help. Raises IdxError for a damaged file of the package."""
    known = from_files(package / FOLDER) or stand_ins(box)
    chosen = rng.permutation(len(known.labels))[:MOST_SENT]
    return Labelled(disturb(known.images[chosen], rng), known.labels[chosen])


def from_files(folder: Path) -> Labelled | None:
    """The test set of an instructor; None where the folder has none. Raises IdxError."""
    images, labels = idx.find(folder, IMAGES), idx.find(folder, LABELS)
    if images is None or labels is None:
        return None
    pixels, classes = idx.read(images), idx.read(labels)
    if pixels.shape != (len(classes), SIDE, SIDE) or classes.ndim != 1 or not len(classes):
        raise idx.IdxError(f"{images.name} and {labels.name} do not belong together")
    return Labelled(pixels / 255.0, classes.astype(np.int64))


def stand_ins(box: int) -> Labelled:
    """The 400 enlarged digits that are in no course file."""
    images, labels = digits.stored()
    return Labelled(enlarge(images.reshape(-1, 8, 8) / digits.BRIGHTEST, box), labels)


def disturb(images: Floats, rng: np.random.Generator) -> Floats:
    brightness = rng.uniform(0.85, 1.0, size=(len(images), 1, 1))
    moved = np.stack([np.roll(image, rng.integers(-1, 2, size=2), axis=(0, 1)) for image in images])
    return np.asarray(np.clip(moved * brightness + rng.normal(scale=0.03, size=images.shape), 0, 1), dtype=np.float64)
