"""Making a backup while the service runs."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, select

from grader.backup import rows
from grader.backup.archive import BLOBS, FIRST, FORMAT, TABLES, VERSION, Writer
from grader.backup.errors import BackupError
from grader.db import migrate
from grader.db.models import Blob
from grader.storage import BlobMissing, BlobStore, relative_path
from grader.time import utc_now
from grader.whole_files import whole_file


@dataclass(frozen=True)
class Made:
    rows: int
    files: int
    gone: tuple[str, ...]  # digests of files that were removed while the backup was being made


def make_file(engine: Engine, blobs: BlobStore, secret_key: str, path: Path) -> Made:
    """Write the backup to `path`, which appears only once it is whole. Raises BackupError."""
    if not path.parent.is_dir():
        raise BackupError(f"There is no folder {path.parent}: make it, or give another place for the backup")
    with whole_file(path) as file:
        return make(engine, blobs, secret_key, file)


def make(engine: Engine, blobs: BlobStore, secret_key: str, file: IO[bytes]) -> Made:
    """The rows as they are at one instant, then every file that they name.

    A file is stored before the row that names it, so whatever is uploaded meanwhile is either whole in the backup
    or not in it at all.
    """
    with Writer(file, mtime=int(utc_now().timestamp())) as writer:
        with _snapshot(engine) as connection:
            counts, digests = _rows(connection, writer, secret_key)
        gone = _files(engine, blobs, digests, writer)
        writer.finish({"rows": counts, "files": len(digests) - len(gone), "gone": gone})
    return Made(sum(counts.values()), len(digests) - len(gone), tuple(gone))


def _rows(connection: Connection, writer: Writer, secret_key: str) -> tuple[dict[str, int], list[str]]:
    """Writes what the backup is, and every row; returns how many there are, and the files that belong to them."""
    revision = migrate.revision_on(connection)
    if revision != migrate.head_revision():
        raise BackupError(
            f"The database is at revision {revision}, this version of the grader knows {migrate.head_revision()}: "
            "make the backup with the version that runs, or run `grader migrate upgrade` first"
        )
    described = rows.description()
    manifest = {
        "format": FORMAT, "version": VERSION, "made_at": utc_now().isoformat(), "revision": revision,
        "database": connection.dialect.name, "key_check": key_check(secret_key), "tables": described,
    }  # fmt: skip
    writer.add(FIRST, json.dumps(manifest, indent=1).encode())
    counts = _tables(connection, described, writer)
    wanted = select(Blob.digest).where(Blob.removed_at.is_(None)).order_by(Blob.digest)
    return counts, list(connection.scalars(wanted))


def key_check(secret_key: str) -> str:
    """Tells whether two secret keys are the same, and nothing else of them."""
    return hmac.new(secret_key.encode(), b"grader backup key check", hashlib.sha256).hexdigest()[:16]


def _snapshot(engine: Engine) -> Connection:
    connection = engine.connect()
    if connection.dialect.name == "postgresql":
        # In SQLite every transaction sees one state of the database; PostgreSQL has to be asked for it.
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return connection


def _tables(connection: Connection, described: list[dict[str, Any]], writer: Writer) -> dict[str, int]:
    counts = dict.fromkeys((table["name"] for table in described), 0)
    for table in described:
        name = table["name"]
        for number, (count, packed) in enumerate(rows.parts(connection, name)):
            counts[name] += count
            writer.add(f"{TABLES}{name}/{number:06}.jsonl.gz", packed)
    return counts


def _files(engine: Engine, blobs: BlobStore, digests: list[str], writer: Writer) -> list[str]:
    gone = []
    for digest in digests:
        try:
            data = blobs.get(digest)
        except BlobMissing as problem:
            if _still_wanted(engine, digest):
                raise BackupError(
                    f"The database names a file that the store does not have whole: {problem}. docs/operations.md says "
                    "how an older backup brings it back ('a file is damaged or missing')"
                ) from None
            gone.append(digest)
        else:
            writer.add(BLOBS + relative_path(digest), data)
    return gone


def _still_wanted(engine: Engine, digest: str) -> bool:
    with engine.connect() as connection:
        query = select(Blob.digest).where(Blob.digest == digest, Blob.removed_at.is_(None))
        return connection.scalar(query) is not None
