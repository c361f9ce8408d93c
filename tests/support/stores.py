"""What any store of notebooks must do, whatever it is made of."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from grader.storage import BlobMissing, BlobStore

DATA = b"a notebook"
DIGEST = hashlib.sha256(DATA).hexdigest()


def removes_only_what_was_not_put_since(store: BlobStore) -> None:
    store.put(DATA)
    now = datetime.now(UTC)
    assert not store.remove(DIGEST, put_before=now - timedelta(hours=1))
    assert store.get(DIGEST) == DATA
    assert store.remove(DIGEST, put_before=now + timedelta(hours=1))
    with pytest.raises(BlobMissing):
        store.get(DIGEST)
    assert store.remove(DIGEST, put_before=now), "what is not there is gone"
    store.put(DATA)
    assert store.get(DIGEST) == DATA
