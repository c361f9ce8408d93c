"""Writes the stand-ins for MNIST and FashionMNIST into the assignments' course files.

Both data sets belong to others and are not shipped. The stand-ins are scikit-learn's 1797 handwritten digits of 8 by 8
pixels, enlarged to 28 by 28 and written as IDX files under the names and in the folders that torchvision uses. The 400
digits of reference/values/digits.npz are left out: they measure the trained networks. Run with a Python that has
scikit-learn, from the top of the repository:

    .kernels/course/bin/python -m tools.standin_images assignments
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from reference.implementations import digits, idx
from reference.implementations.withheld_images import enlarge, to_bytes

TRAINING = 1197
SEED = 28
# Folder of the course files, width of the enlarged digit (MNIST has a margin, FashionMNIST has none).
SETS = {
    "convolution-3-mnist": ("MNIST/raw", 20),
    "mnist-networks": ("MNIST/raw", 20),
    "fashion-mnist-mlp": ("FashionMNIST/raw", 28),
}
NOTE = """These are not the images of {name}, which are not shipped with this service. They are stand-ins: the
handwritten digits of 8 by 8 pixels that come with scikit-learn (UCI "Optical Recognition of Handwritten Digits"),
enlarged to 28 by 28 and stored as {name} is. Whoever runs the course can put the real four files in their place.
"""


def arrays(box: int) -> dict[str, np.ndarray[Any, Any]]:
    """The four files by name; images compressed, labels plain."""
    from sklearn.datasets import load_digits  # type: ignore[import-not-found]

    bunch = load_digits()
    with np.load(digits.FILE, allow_pickle=False) as stored:
        kept = np.setdiff1d(np.arange(len(bunch.target)), stored["rows"])
    order = np.random.default_rng(SEED).permutation(kept)
    images = to_bytes(enlarge(bunch.images[order] / digits.BRIGHTEST, box))
    labels = bunch.target[order].astype(np.uint8)
    return {
        "train-images-idx3-ubyte.gz": images[:TRAINING],
        "train-labels-idx1-ubyte": labels[:TRAINING],
        "t10k-images-idx3-ubyte.gz": images[TRAINING:],
        "t10k-labels-idx1-ubyte": labels[TRAINING:],
    }


def main(assignments: Path) -> None:
    for slug, (folder, box) in SETS.items():
        if not (assignments / slug).is_dir():
            continue
        target = assignments / slug / "data" / folder
        for name, array in arrays(box).items():
            idx.write(target / name, array)
        (target / "STAND-IN.txt").write_text(NOTE.format(name=folder.partition("/")[0]), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
