"""The stand-ins for MNIST and FashionMNIST in the course files: made by the tool, and apart from the withheld ones."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from reference.implementations import idx, withheld_images
from tools.standin_images import SETS

ROOT = Path(__file__).resolve().parents[2]
SLUGS = [slug for slug in SETS if (ROOT / "assignments" / slug).is_dir()]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assignments")
    for slug in SLUGS:
        (folder / slug).mkdir()
    python = ROOT / ".kernels" / "course" / "bin" / "python"
    subprocess.run([python, "-m", "tools.standin_images", folder], cwd=ROOT, check=True, timeout=120)
    return folder


@pytest.mark.parametrize("slug", SLUGS)
def test_the_course_files_are_those_that_the_tool_makes(made: Path, slug: str) -> None:
    again = sorted(path for path in (made / slug).rglob("*") if path.is_file())
    assert len(again) == 5
    for path in again:
        kept = ROOT / "assignments" / path.relative_to(made)
        if "idx" in path.name:
            assert np.array_equal(idx.read(path), idx.read(kept))
        else:
            assert path.read_text() == kept.read_text()


@pytest.mark.parametrize("slug", SLUGS)
def test_no_withheld_digit_is_among_the_course_files(slug: str) -> None:
    folder, box = SETS[slug]
    withheld = withheld_images.to_bytes(withheld_images.stand_ins(box).images).reshape(400, -1)
    raw = ROOT / "assignments" / slug / "data" / folder
    given = np.concatenate(
        [idx.read(raw / f"{split}-images-idx3-ubyte.gz").reshape(-1, 28 * 28) for split in ("train", "t10k")]
    )
    assert len(given) == 1397
    assert not {row.tobytes() for row in withheld} & {row.tobytes() for row in given}
