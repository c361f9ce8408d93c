"""When an environment is taken for whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools.setup import stamp
from tools.setup.stamp import Stamp, State


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A whole environment with the layer `service`, made from the inputs `one`."""
    place = tmp_path / "a folder" / ".venv"
    (place / "bin").mkdir(parents=True)
    stamp.python(place).touch()
    stamp.write(stamp.path(place, "service"), Stamp("one", str(place), "3.11.7"))
    return place


def test_a_whole_environment_with_the_same_inputs_is_current(environment: Path) -> None:
    assert stamp.state(environment, "service", "one") is State.CURRENT


def test_other_inputs_make_it_outdated(environment: Path) -> None:
    assert stamp.state(environment, "service", "two") is State.OUTDATED


def test_a_layer_without_a_stamp_is_broken(environment: Path) -> None:
    assert stamp.state(environment, "dev", "one") is State.BROKEN


def test_a_missing_environment_is_broken(tmp_path: Path) -> None:
    assert stamp.state(tmp_path / "none", "service", "one") is State.BROKEN


def test_one_that_was_left_unfinished_is_broken(environment: Path) -> None:
    stamp.unfinished(environment).touch()
    assert stamp.state(environment, "service", "one") is State.BROKEN


def test_a_moved_environment_is_broken(environment: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    environment.rename(moved)
    assert stamp.state(moved, "service", "one") is State.BROKEN


def test_a_copied_environment_is_broken_and_the_original_is_not(environment: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(environment, copy)
    assert stamp.state(copy, "service", "one") is State.BROKEN
    assert stamp.state(environment, "service", "one") is State.CURRENT


def test_one_whose_python_has_gone_is_broken(environment: Path) -> None:
    stamp.python(environment).unlink()
    stamp.python(environment).symlink_to("/no/such/python3")
    assert stamp.state(environment, "service", "one") is State.BROKEN


@pytest.mark.parametrize("content", ["", "{", "[]", '{"inputs": "one"}', '{"inputs": 1, "place": 2, "x": 3}'])
def test_a_damaged_stamp_counts_as_none(environment: Path, content: str) -> None:
    stamp.path(environment, "service").write_text(content)
    assert stamp.state(environment, "service", "one") is State.BROKEN


def test_the_digest_tells_files_and_words_apart(tmp_path: Path) -> None:
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text("a==1\n")
    two.write_text("a==1\n")
    digests = {stamp.digest([one]), stamp.digest([two]), stamp.digest([one], "cpu"), stamp.digest([one], "gpu")}
    one.write_text("a==2\n")
    digests.add(stamp.digest([one]))
    assert len(digests) == 5
