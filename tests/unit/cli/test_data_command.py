"""Data sets and models that an instructor adds to an assignment."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from grader.cli.data import data
from reference.implementations import idx

PACKAGES = Path(__file__).parents[3] / "assignments"
SLUG = "mnist-networks"
RAW = Path("data/MNIST/raw")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "assignments"
    shutil.copytree(PACKAGES / SLUG, root / SLUG, ignore=shutil.ignore_patterns("cases", "__pycache__"))
    monkeypatch.setenv("GRADER_ASSIGNMENTS_DIR", str(root))
    return root / SLUG


def published(folder: Path) -> list[Path]:
    """The four files, in small."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for split, n in (("train", 6), ("t10k", 3)):
        idx.write(folder / f"{split}-images-idx3-ubyte.gz", rng.integers(0, 255, (n, 28, 28)).astype(np.uint8))
        idx.write(folder / f"{split}-labels-idx1-ubyte", rng.integers(0, 10, n).astype(np.uint8))
    return sorted(folder.iterdir())


def run(*arguments: object) -> Result:
    return CliRunner().invoke(data, [str(argument) for argument in arguments])


def test_the_published_images_take_the_place_of_the_stand_ins(folder: Path, tmp_path: Path) -> None:
    files = published(tmp_path / "mnist")
    result = run("add", SLUG, *files)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (folder / RAW).iterdir()) == [path.name for path in files]
    assert (folder / RAW / files[0].name).read_bytes() == files[0].read_bytes()
    assert "publish it again" in result.output
    listed = run("list", SLUG).output
    assert "MNIST/raw/train-labels-idx1-ubyte" in listed
    assert "STAND-IN" not in listed


def test_some_of_the_images_are_refused_and_nothing_is_changed(folder: Path, tmp_path: Path) -> None:
    before = sorted((folder / RAW).iterdir())
    result = run("add", SLUG, published(tmp_path / "mnist")[0])
    assert result.exit_code == 2
    assert "give all four files" in result.output
    assert sorted((folder / RAW).iterdir()) == before


def test_what_is_no_image_file_is_refused(folder: Path, tmp_path: Path) -> None:
    files = published(tmp_path / "mnist")
    files[1].write_bytes(b"not found")
    result = run("add", SLUG, *files)
    assert result.exit_code == 2
    assert "no file of images or labels" in result.output
    assert (folder / RAW / "STAND-IN.txt").exists()


def test_withheld_images_are_no_data_of_students(folder: Path, tmp_path: Path) -> None:
    files = [path for path in published(tmp_path / "mnist") if path.name.startswith("t10k")]
    assert run("add", SLUG, *files, "--withheld").exit_code == 0
    assert sorted(path.name for path in (folder / "withheld").iterdir()) == [path.name for path in files]
    assert (folder / RAW / "STAND-IN.txt").exists()


def test_a_model_is_a_folder_and_what_is_there_is_kept_unless_told(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "gpt2"
    (model / "tokens").mkdir(parents=True)
    (model / "config.json").write_text("{}")
    (tmp_path / "blob").write_text("words")
    (model / "tokens" / "vocabulary.txt").symlink_to(tmp_path / "blob")
    assert run("add", SLUG, model, "--to", "models").exit_code == 0
    assert (folder / "data/models/gpt2/tokens/vocabulary.txt").read_text() == "words"
    (model / "config.json").write_text("[]")
    again = run("add", SLUG, model, "--to", "models")
    assert again.exit_code == 2
    assert "config.json is there already" in again.output
    assert run("add", SLUG, model, "--to", "models", "--replace").exit_code == 0
    assert (folder / "data/models/gpt2/config.json").read_text() == "[]"


def test_nothing_is_put_outside_the_assignment(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "points.txt"
    file.write_text("1")
    for place in ("../..", "/etc"):
        result = run("add", SLUG, file, "--to", place)
        assert result.exit_code == 2
        assert "below the working folder" in result.output
