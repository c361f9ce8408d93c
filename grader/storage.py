"""Files by their digest, in a folder or an object store (any fsspec URL: `s3://bucket/prefix`).

A file is written before the row that names it is committed: a file without a row is harmless, a row without
a file is not. Writing the same bytes twice is the same as writing them once.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import fsspec

from grader.whole_files import whole_file

PROBE = b"This file shows that the store can be written to.\n"

FRESH = timedelta(minutes=20)  # much less than what `grader.retention.purging` waits
_DIGEST = re.compile(r"[0-9a-f]{64}")


class BlobMissing(Exception):
    """The store has no file of this digest, or what it has is damaged."""


class BlobStore(Protocol):
    def put(self, data: bytes) -> str:
        """Keep `data`; returns its sha256 in hex. It is durable when this returns."""

    def get(self, digest: str) -> bytes:
        """Raises BlobMissing, also when the bytes no longer have that digest."""

    def remove(self, digest: str, *, put_before: datetime) -> bool:
        """Let the file go, unless it was put (again) since then. Whether it is gone; also when it was never there."""

    def try_writing(self) -> None:
        """Write a small file and take it away again. Raises whatever is wrong."""


def open_store(url: str) -> BlobStore:
    """The store at `url`: a folder's path, `file://…`, or a URL that fsspec knows."""
    if "://" not in url:
        return FolderStore(Path(url))
    if url.startswith("file://"):
        return FolderStore(Path(url.removeprefix("file://")))
    filesystem, root = fsspec.core.url_to_fs(url)
    return ObjectStore(filesystem, root)


class FolderStore:
    """A folder on a local or shared disk; its own code, because fsspec neither syncs nor renames into place."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        path = self._root / relative_path(digest)
        if _touched(path, len(data)):
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            file.write(data)
        return digest

    def get(self, digest: str) -> bytes:
        try:
            return _checked((self._root / relative_path(digest)).read_bytes(), digest)
        except FileNotFoundError:
            raise BlobMissing(f"no file with the digest {digest}") from None

    def remove(self, digest: str, *, put_before: datetime) -> bool:
        path = self._root / relative_path(digest)
        aside = path.with_name(f".{digest[:16]}-{secrets.token_hex(8)}.going")
        try:
            if path.stat().st_mtime >= put_before.timestamp():
                return False
            # Out of reach first: whoever puts it now writes it anew, and whoever did just before is seen.
            path.replace(aside)
        except FileNotFoundError:
            return True
        if aside.stat().st_mtime >= put_before.timestamp():
            aside.replace(path)
            return False
        aside.unlink()
        return True

    def try_writing(self) -> None:
        path = self._root / _probe_name()
        self._root.mkdir(parents=True, exist_ok=True)
        try:
            path.write_bytes(PROBE)
        finally:
            path.unlink(missing_ok=True)


class ObjectStore:
    """An object store, whose single writes are atomic and durable."""

    def __init__(self, filesystem: Any, root: str) -> None:
        self._fs = filesystem
        self._root = root.rstrip("/")

    def put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        path = f"{self._root}/{relative_path(digest)}"
        if not self._is_fresh(path):
            self._fs.pipe_file(path, data)
        return digest

    def get(self, digest: str) -> bytes:
        try:
            return _checked(self._fs.cat_file(f"{self._root}/{relative_path(digest)}"), digest)
        except FileNotFoundError:
            raise BlobMissing(f"no file with the digest {digest}") from None

    def try_writing(self) -> None:
        path = f"{self._root}/{_probe_name()}"
        self._fs.pipe_file(path, PROBE)
        self._fs.rm_file(path)

    def remove(self, digest: str, *, put_before: datetime) -> bool:
        path = f"{self._root}/{relative_path(digest)}"
        try:
            if self._modified(path) >= put_before:
                return False
            self._fs.rm_file(path)
        except FileNotFoundError:
            pass
        return True

    def _is_fresh(self, path: str) -> bool:
        """There, and put so lately that nobody removes it. An older one is written again, which makes it new."""
        try:
            return self._modified(path) > datetime.now(UTC) - FRESH
        except FileNotFoundError:
            return False

    def _modified(self, path: str) -> datetime:
        self._fs.invalidate_cache(path.rpartition("/")[0])
        found: datetime = self._fs.modified(path)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


def relative_path(digest: str) -> str:
    """`ab/abcdef…`: no folder grows beyond what file systems like."""
    if not _DIGEST.fullmatch(digest):
        raise BlobMissing("not a sha256 digest")
    return f"{digest[:2]}/{digest}"


def _probe_name() -> str:
    return f".probe-{secrets.token_hex(8)}"


def _checked(data: bytes, digest: str) -> bytes:
    if hashlib.sha256(data).hexdigest() != digest:
        raise BlobMissing(f"the file with the digest {digest} is damaged")
    return data


def _touched(path: Path, size_bytes: int) -> bool:
    """Whether the file is there whole; its time says from now on that somebody wants it."""
    try:
        if path.stat().st_size != size_bytes:
            return False
        os.utime(path)
    except FileNotFoundError:
        return False
    return True
