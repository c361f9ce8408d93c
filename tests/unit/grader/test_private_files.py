"""What the service keeps is for its own user alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.private_files import close_home, make_private, privately


@pytest.fixture
def mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_files_and_folders_are_private(mask: None, tmp_path: Path) -> None:
    make_private()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notebook").write_bytes(b"")
    assert (mode(tmp_path / "folder"), mode(tmp_path / "folder" / "notebook")) == (0o700, 0o600)


def test_a_command_that_is_done_leaves_the_rest_as_it_was(mask: None, tmp_path: Path) -> None:
    with privately():
        (tmp_path / "database").write_bytes(b"")
    (tmp_path / "after").write_bytes(b"")
    assert (mode(tmp_path / "database"), mode(tmp_path / "after")) == (0o600, 0o644)


def test_a_home_of_an_earlier_version_is_closed(mask: None, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "grader.db").write_bytes(b"")
    close_home(home)
    assert mode(home) == 0o700


def test_a_folder_that_is_no_home_is_left_alone(mask: None, tmp_path: Path) -> None:
    """GRADER_HOME may name any folder, /tmp as well."""
    folder = tmp_path / "folder"
    folder.mkdir()
    close_home(folder)
    close_home(folder / "missing")
    assert mode(folder) == 0o755
