"""Notebooks in an S3 store, with any server that speaks its protocol: GRADER_TEST_S3_ENDPOINT names one on which
buckets may be made, or these tests skip."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Any

import fsspec
import pytest

from grader.storage import BlobMissing, ObjectStore, open_store, relative_path
from tests.support.stores import DATA, DIGEST, removes_only_what_was_not_put_since

ENDPOINT = os.environ.get("GRADER_TEST_S3_ENDPOINT", "")
pytestmark = pytest.mark.skipif(not ENDPOINT, reason="GRADER_TEST_S3_ENDPOINT names no S3 server")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", ENDPOINT)
    for name, value in {"ACCESS_KEY_ID": "grader", "SECRET_ACCESS_KEY": "grader-secret"}.items():
        if f"AWS_{name}" not in os.environ:
            monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    name = f"grader-{secrets.token_hex(6)}"
    filesystem = fsspec.filesystem("s3", skip_instance_cache=True)
    filesystem.mkdir(name)
    yield name
    filesystem.rm(name, recursive=True)


@pytest.fixture
def store(bucket: str) -> ObjectStore:
    found = open_store(f"s3://{bucket}/notebooks")
    assert isinstance(found, ObjectStore)
    return found


def test_what_was_put_comes_back_by_its_digest(store: ObjectStore) -> None:
    assert store.put(DATA) == DIGEST
    assert store.put(DATA) == DIGEST
    assert store.get(DIGEST) == DATA


def test_what_is_not_there_is_missing(store: ObjectStore) -> None:
    with pytest.raises(BlobMissing):
        store.get(DIGEST)


def test_a_damaged_file_is_never_handed_out(store: ObjectStore, bucket: str) -> None:
    store.put(DATA)
    filesystem: Any = fsspec.filesystem("s3", skip_instance_cache=True)
    filesystem.pipe_file(f"{bucket}/notebooks/{relative_path(DIGEST)}", b"b notebook")
    with pytest.raises(BlobMissing, match="damaged"):
        store.get(DIGEST)


def test_a_removed_file_is_gone_and_one_that_was_put_since_stays(store: ObjectStore) -> None:
    removes_only_what_was_not_put_since(store)


def test_the_probe_leaves_nothing(store: ObjectStore, bucket: str) -> None:
    store.try_writing()
    filesystem: Any = fsspec.filesystem("s3", skip_instance_cache=True)
    assert filesystem.find(bucket) == []
