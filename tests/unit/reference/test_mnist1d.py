"""MNIST-1D against sums of the package that defines it, and against the files that students get."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reference.frozen import frozen
from reference.implementations import mnist1d

ASSIGNMENTS = Path(__file__).parents[3] / "assignments"
PARTS = {"train": mnist1d.training, "val": mnist1d.validation, "test": mnist1d.withheld}
WITH_DATA = ("convolution-2-mnist1d", "coursework-1", "coursework-2", "coursework-3")


@pytest.mark.parametrize("name", PARTS)
def test_course_data_have_the_sums_of_the_package(name: str) -> None:
    part = PARTS[name]()
    assert np.abs(part.x).sum() == pytest.approx(frozen("mnist1d", f"{name}_size"), rel=1e-12)
    assert (part.x * np.arange(1, 41)).sum() == pytest.approx(frozen("mnist1d", f"{name}_order"), rel=1e-9)
    assert (part.y * np.arange(len(part.y))).sum() == frozen("mnist1d", f"{name}_labels")


@pytest.mark.parametrize("slug", WITH_DATA)
def test_files_of_the_students_hold_the_course_data(slug: str) -> None:
    files = mnist1d.course_files()
    assert {path.name for path in (ASSIGNMENTS / slug / "data").iterdir()} == set(files)
    for name, wanted in files.items():
        found = np.load(ASSIGNMENTS / slug / "data" / name, allow_pickle=False)
        assert found.dtype == wanted.dtype
        assert np.array_equal(found, wanted)


def test_no_file_holds_withheld_examples() -> None:
    withheld = {row.astype(np.float32).tobytes() for row in mnist1d.withheld().x}
    for name in ("train_data_x.npy", "val_data_x.npy"):
        given = np.load(ASSIGNMENTS / "coursework-1" / "data" / name, allow_pickle=False)
        assert not withheld & {np.ascontiguousarray(row).tobytes() for row in given.T}


def test_new_examples_are_of_the_same_kind_and_new_each_time() -> None:
    first = mnist1d.fresh(np.random.default_rng(1), 2000)
    second = mnist1d.fresh(np.random.default_rng(2), 2000)
    assert not np.array_equal(first.x, second.x)
    assert abs(first.x.mean()) < 0.03
    assert abs(first.x.std() - 1) < 0.03
    assert np.bincount(first.y).tolist() == [200] * 10


def test_moments_of_the_course_data_are_regenerated() -> None:
    assert mnist1d.raw_moments() == pytest.approx((mnist1d.COURSE_MEAN, mnist1d.COURSE_STD), rel=1e-12)
