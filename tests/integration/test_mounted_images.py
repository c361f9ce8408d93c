"""An instructor's own images in place of the stand-ins, through the real pipeline."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from assignments.gradable import load_gradable_package
from reference.implementations import idx
from worker.contract import GradeStatus, Limits
from worker.environments import load_environments
from worker.pipeline.request import GradeRequest, Grading
from worker.pipeline.run import grade_sync

ROOT = Path(__file__).resolve().parents[2]
SLUG = "convolution-3-mnist"


def images(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Ten kinds of stripes, which no network knows that was trained on digits."""
    labels = rng.integers(0, 10, size=count)
    rows, columns = np.mgrid[:28, :28]
    angles = labels[:, None, None] * np.pi / 10
    waves = np.sin((rows * np.cos(angles) + columns * np.sin(angles)) * 0.8 + rng.uniform(0, 6, size=(count, 1, 1)))
    return (100 + 100 * waves).astype(np.uint8), labels.astype(np.uint8)


def write(folder: Path, split: str, count: int, seed: int, ending: str) -> None:
    pixels, labels = images(np.random.default_rng(seed), count)
    idx.write(folder / f"{split}-images-idx3-ubyte{ending}", pixels)
    idx.write(folder / f"{split}-labels-idx1-ubyte{ending}", labels)


def grade(folder: Path) -> Grading:
    package = load_gradable_package(folder)
    request = GradeRequest(
        notebook=package.package.solution_bytes(),
        package=package,
        environment=load_environments(ROOT / "environments.toml")["course"],
        limits=Limits(**asdict(package.metadata.limits)),
        answers={},
    )
    return grade_sync(request, lambda *_, **__: None)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_networks_are_trained_and_measured_on_the_images_that_are_there(tmp_path: Path, ending: str) -> None:
    tmp_path.chmod(0o755)  # checks do not run as root
    folder = tmp_path / SLUG
    shutil.copytree(ROOT / "assignments" / SLUG, folder, ignore=shutil.ignore_patterns("__pycache__", "raw", "cases"))
    write(folder / "data" / "MNIST" / "raw", "train", 600, 1, ending)
    write(folder / "data" / "MNIST" / "raw", "t10k", 100, 2, ending)
    without = grade(folder)
    assert without.status is GradeStatus.GRADED
    assert {check.key: check.points for check in without.checks} == {"forward": 50, "dropout": 20, "model": 0}
    write(folder / "withheld", "t10k", 300, 3, ending)
    assert grade(folder).score == 100
