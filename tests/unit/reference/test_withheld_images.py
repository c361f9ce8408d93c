"""Withheld images: an instructor's own where there are some, enlarged digits elsewhere, never twice the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reference.implementations import digits, idx, withheld_images


def test_enlarged_digits_keep_what_they_show() -> None:
    small = digits.stored()[0].reshape(-1, 8, 8) / digits.BRIGHTEST
    for box in (20, 28):
        large = withheld_images.enlarge(small, box)
        assert large.shape == (400, 28, 28)
        margin = (28 - box) // 2
        inside = large[:, margin : 28 - margin, margin : 28 - margin]
        assert np.allclose(large.sum(axis=(1, 2)), inside.sum(axis=(1, 2)))
        assert np.allclose(inside.mean(axis=(1, 2)), small.mean(axis=(1, 2)), atol=0.02)
        assert large.min() >= 0
        assert large.max() <= 1


def test_a_package_without_images_of_its_own_gets_the_stand_ins_disturbed(tmp_path: Path) -> None:
    first = withheld_images.withheld(tmp_path, np.random.default_rng(1), 20)
    second = withheld_images.withheld(tmp_path, np.random.default_rng(2), 20)
    assert first.images.shape == (400, 28, 28)
    assert sorted(first.labels) == sorted(second.labels)
    assert not np.array_equal(first.labels, second.labels)
    known = withheld_images.stand_ins(20).images
    for image in first.images[:20]:
        distance = np.abs(known - image).mean(axis=(1, 2))
        assert 0.003 < distance.min() < 0.2


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_the_test_set_of_an_instructor_is_used(tmp_path: Path, ending: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, size=(700, 28, 28)).astype(np.uint8)
    folder = tmp_path / "withheld" / "raw"
    idx.write(folder / f"t10k-images-idx3-ubyte{ending}", images)
    idx.write(folder / f"t10k-labels-idx1-ubyte{ending}", np.full(700, 7, dtype=np.uint8))
    got = withheld_images.withheld(tmp_path, np.random.default_rng(0), 20)
    assert got.images.shape == (500, 28, 28)
    assert set(got.labels) == {7}


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    idx.write(tmp_path / "withheld" / "t10k-images-idx3-ubyte", np.zeros((5, 28, 28), dtype=np.uint8))
    idx.write(tmp_path / "withheld" / "t10k-labels-idx1-ubyte", np.zeros(4, dtype=np.uint8))
    with pytest.raises(idx.IdxError, match="belong together"):
        withheld_images.withheld(tmp_path, np.random.default_rng(0), 20)
