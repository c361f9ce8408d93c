"""Checking a backup, and bringing it back into an empty system or in place of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from grader.backup import archive, rows
from grader.backup.archive import BLOBS, TABLES, VERSION
from grader.backup.errors import BackupDamaged, BackupError
from grader.backup.making import key_check
from grader.db import migrate
from grader.storage import BlobStore


@dataclass(frozen=True)
class Checked:
    manifest: dict[str, Any]
    rows: int
    files: int
    gone: tuple[str, ...]

    @property
    def revision(self) -> str:
        return str(self.manifest["revision"])

    def sealed_with(self, secret_key: str) -> bool:
        """Whether what the service sealed (secrets of webhooks, LTI keys) can be opened with this key."""
        return self.manifest.get("key_check") == key_check(secret_key)


def check(path: Path) -> Checked:
    """Read the whole file. Raises BackupDamaged, and BackupError where a newer version of the grader made it."""
    manifest = archive.manifest_of(path)
    if manifest.get("version") != VERSION:
        raise BackupError(f"{path} has format {manifest.get('version')!r}, this version of the grader reads {VERSION}")
    if not migrate.knows(str(manifest.get("revision"))):
        raise BackupError(
            f"{path} was made by a newer version of the grader (its tables are at revision {manifest.get('revision')}, "
            f"this one knows up to {migrate.head_revision()}): install that version, then restore"
        )
    facts = archive.checked(path)
    counts = facts.get("rows")
    if not isinstance(counts, dict):
        raise BackupDamaged(f"{path}: its end does not say how many rows there are")
    return Checked(manifest, sum(counts.values()), int(facts["files"]), tuple(facts["gone"]))


def is_empty(database_url: str) -> bool:
    """Whether nobody has worked with this database yet."""
    with migrate.connected(database_url) as connection:
        present = set(inspect(connection).get_table_names())
        return not any(
            connection.scalar(text(f"SELECT 1 FROM {table} LIMIT 1"))  # noqa: S608
            for table in ("users", "courses")
            if table in present
        )


def restore(path: Path, database_url: str, blobs: BlobStore, *, replace: bool = False,
            said: Callable[[str], None] = lambda _: None) -> Checked:  # fmt: skip
    """Bring the backup back: first the files, then all rows in one transaction, then what later migrations change.

    Until the end the database is as it was; whatever fails leaves it so. Raises BackupError, BackupDamaged.
    """
    found = check(path)
    said(f"The backup is whole: {found.rows} rows, {found.files} files.")
    if not replace and not is_empty(database_url):
        raise BackupError("The database is not empty. Restore into an empty one, or give --replace to lose what it has")
    for member in archive.members(path, BLOBS):
        if blobs.put(member.data) != member.name.rsplit("/", 1)[-1]:
            raise BackupDamaged(f"{path}: the file {member.name!r} is not what its name says")
    said("The files are back.")
    with migrate.connection_for(database_url) as connection:
        _drop_all(connection)
        migrate.upgrade_on(connection, found.revision)
        _bring_back(connection, path, found)
        migrate.upgrade_on(connection, "head")
    return found


def _drop_all(connection: Connection) -> None:
    preparer, cascade = connection.dialect.identifier_preparer, ""
    if connection.dialect.name == "postgresql":
        cascade = " CASCADE"
    for name in inspect(connection).get_table_names():
        connection.execute(text(f"DROP TABLE {preparer.quote(name)}{cascade}"))


def _bring_back(connection: Connection, path: Path, found: Checked) -> None:
    described = {table["name"]: table for table in found.manifest["tables"]}
    counted = 0
    for member in archive.members(path, TABLES):
        counted += rows.insert(connection, described[_table_of(member.name)], member.data)
    for name, table in described.items():
        if table["late"]:
            for member in archive.members(path, f"{TABLES}{name}/"):
                rows.fill_late(connection, table, member.data)
    if counted != found.rows:
        raise BackupDamaged(f"{path} promised {found.rows} rows and has {counted}")


def _table_of(member: str) -> str:
    return member.removeprefix(TABLES).split("/", 1)[0]
