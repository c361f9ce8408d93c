"""IDX files: what is written is read back, plain or compressed; damaged ones are refused with a reason."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from reference.implementations import idx

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("name", ["a-idx3-ubyte", "a-idx3-ubyte.gz"])
def test_an_array_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    idx.write(tmp_path / "raw" / name, IMAGES)
    path = idx.find(tmp_path, "a-idx3-ubyte")
    assert path is not None
    assert np.array_equal(idx.read(path), IMAGES)
    assert idx.find(tmp_path, "b-idx3-ubyte") is None


def test_the_header_is_that_of_the_published_files() -> None:
    labels = idx.to_bytes(np.zeros(60000, dtype=np.uint8))
    assert labels[:8] == bytes([0, 0, 8, 1, 0, 0, 0xEA, 0x60])
    images = idx.to_bytes(np.zeros((3, 28, 28), dtype=np.uint8))
    assert images[:16] == bytes([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 28, 0, 0, 0, 28])


GOOD = idx.to_bytes(IMAGES)
DAMAGED = {
    "empty": (b"", "begin"),
    "text": (b"<html>not found</html>", "begin"),
    "other type": (b"\0\0\x0d" + GOOD[3:], "begin"),
    "header cut off": (GOOD[:9], "header"),
    "values missing": (GOOD[:-1], "23 values"),
    "too many values": (GOOD + b"x", "25 values"),
    "huge": (b"\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xff", "at most"),
    "gzip cut off": (gzip.compress(GOOD)[:-9], "damaged"),
    "gzip of text": (gzip.compress(b"text"), "begin"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_is_refused_with_its_name_and_a_reason(tmp_path: Path, kind: str) -> None:
    data, reason = DAMAGED[kind]
    path = tmp_path / "some-idx3-ubyte"
    path.write_bytes(data)
    with pytest.raises(idx.IdxError, match=reason) as caught:
        idx.read(path)
    assert "some-idx3-ubyte" in str(caught.value)


def test_only_bytes_are_written() -> None:
    with pytest.raises(idx.IdxError, match="float64"):
        idx.to_bytes(np.zeros((2, 2)))  # type: ignore[arg-type]
