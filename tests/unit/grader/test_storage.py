from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pytest

from grader.storage import BlobMissing, BlobStore, FolderStore, ObjectStore, open_store, relative_path
from tests.support.stores import DATA, DIGEST, removes_only_what_was_not_put_since


@pytest.fixture(params=["folder", "file-url", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    urls = {"folder": str(tmp_path), "file-url": f"file://{tmp_path}", "memory": "memory://notebooks/course"}
    yield open_store(urls[request.param])
    if request.param == "memory":
        fsspec.filesystem("memory").store.clear()


def test_what_was_put_comes_back_by_its_digest(store: BlobStore) -> None:
    assert store.put(DATA) == DIGEST
    assert store.get(DIGEST) == DATA
    assert store.put(DATA) == DIGEST


def test_a_removed_file_is_gone_and_one_that_was_put_since_stays(store: BlobStore) -> None:
    removes_only_what_was_not_put_since(store)


def test_an_old_file_that_is_put_again_is_as_new(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(DATA)
    os.utime(tmp_path / relative_path(DIGEST), (0, 0))
    store.put(DATA)
    assert not store.remove(DIGEST, put_before=datetime.now(UTC) - timedelta(hours=1))
    os.utime(tmp_path / relative_path(DIGEST), (0, 0))
    assert store.remove(DIGEST, put_before=datetime.now(UTC) - timedelta(hours=1))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("digest", ["0" * 64, "", "../../etc/passwd", "A" * 64, "0" * 63])
def test_what_is_not_there_is_missing(store: BlobStore, digest: str) -> None:
    with pytest.raises(BlobMissing):
        store.get(digest)


def test_a_folder_is_a_folder_and_a_bucket_a_bucket(tmp_path: Path) -> None:
    assert isinstance(open_store(str(tmp_path)), FolderStore)
    assert isinstance(open_store("s3://bucket/prefix"), ObjectStore)


def test_a_damaged_file_is_never_handed_out(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(DATA)
    path = tmp_path / relative_path(DIGEST)
    path.write_bytes(b"b notebook")
    with pytest.raises(BlobMissing, match="damaged"):
        store.get(DIGEST)


def test_a_file_cut_off_by_a_crash_is_written_again(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    path = tmp_path / relative_path(DIGEST)
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA[:3])
    store.put(DATA)
    assert store.get(DIGEST) == DATA


def test_one_file_put_by_many_at_once_is_whole_and_leaves_no_rest(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    data = b"x" * 500_000
    threads = [threading.Thread(target=store.put, args=(data,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    digest = hashlib.sha256(data).hexdigest()
    assert store.get(digest) == data
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [tmp_path / relative_path(digest)]


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("grader.storage.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        FolderStore(tmp_path).put(DATA)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
