"""A file appears whole or not at all, and nothing is left beside it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from grader.whole_files import whole_file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_appears_at_the_end_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / ("long" * 60)  # as long as a name may nearly be
    with whole_file(path) as file:
        file.write(b"half")
        file.flush()
        assert not path.exists()
    assert path.read_bytes() == b"half"
    assert path.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == [path.name]


def test_whoever_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"before")

    def fail() -> None:
        with whole_file(path) as file:
            file.write(b"after")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["kept"]


def test_the_first_wins_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "key"

    def write(text: bytes, *before: bytes) -> None:
        with whole_file(path, replace=False) as file:
            file.write(text)
            for other in before:
                write(other)

    with pytest.raises(FileExistsError):
        write(b"second", b"first")
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["key"]


def test_what_is_wrong_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "file"
    with pytest.raises(FileNotFoundError) as missing, whole_file(path):
        pass
    assert missing.value.filename == str(path)
    with pytest.raises(OSError, match="No space") as full, whole_file(tmp_path / "file"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert full.value.filename == str(tmp_path / "file")
    assert names(tmp_path) == []
