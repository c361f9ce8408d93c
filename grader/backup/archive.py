"""The file: a tar whose first member says what it is and whose last one has the checksums of all between.

A backup that was cut off has no last member, so it can never pass for a whole one.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from grader.backup.errors import BackupDamaged

FORMAT = "grader-backup"
VERSION = 1
FIRST, LAST = "manifest.json", "checksums.json"
TABLES, BLOBS = "tables/", "blobs/"
LARGEST_MEMBER_BYTES = 2 * 1024 * 1024 * 1024


@dataclass(frozen=True)
class Member:
    name: str
    data: bytes


class Writer:
    """Use it in a `with`. What was left without `finish` is no whole backup, and is refused as one."""

    def __init__(self, file: IO[bytes], *, mtime: int) -> None:
        # As a stream: it goes to a pipe (and through an encrypting program) as well as to a file.
        self._tar = tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._mtime = mtime
        self._sums: dict[str, str] = {}

    def add(self, name: str, data: bytes) -> None:
        self._sums[name] = hashlib.sha256(data).hexdigest()
        self._put(name, data)

    def finish(self, facts: dict[str, Any]) -> None:
        """`facts`: what is known only now, for example how many rows there were."""
        self._put(LAST, json.dumps({"sha256": self._sums, "facts": facts}, indent=1).encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()

    def _put(self, name: str, data: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = len(data), self._mtime, 0o600
        self._tar.addfile(info, io.BytesIO(data))


def manifest_of(path: Path) -> dict[str, Any]:
    """What the file says of itself. Raises BackupDamaged."""
    for member in members(path):
        if member.name == FIRST:
            found = _json(member)
            if found.get("format") == FORMAT:
                return found
        break
    raise BackupDamaged(f"{path} is not a backup of the grader")


def members(path: Path, under: str = "") -> Iterator[Member]:
    """The members whose names begin with `under`, in the order in which they were written. Raises BackupDamaged."""
    try:
        with tarfile.open(path, mode="r:") as tar:
            for info in tar:
                if not info.isreg() or info.size > LARGEST_MEMBER_BYTES:
                    raise BackupDamaged(f"{path}: {info.name!r} is nothing that a backup holds")
                if info.name.startswith(under):
                    file = tar.extractfile(info)
                    assert file is not None
                    yield Member(info.name, _whole(path, info, file))
    except (tarfile.TarError, EOFError) as error:
        raise BackupDamaged(f"{path} is damaged or ends too early ({error})") from None


def checked(path: Path) -> dict[str, Any]:
    """Read all of it and compare the checksums; returns the facts of its end. Raises BackupDamaged."""
    manifest_of(path)
    sums: dict[str, str] = {}
    ending: dict[str, Any] | None = None
    for member in members(path):
        if ending is not None or member.name in sums:
            raise BackupDamaged(f"{path}: {member.name!r} is there twice, or after the end")
        if member.name == LAST:
            ending = _json(member)
        else:
            sums[member.name] = hashlib.sha256(member.data).hexdigest()
    if ending is None:
        raise BackupDamaged(f"{path} ends too early: its checksums are missing. Take another backup")
    promised = ending.get("sha256")
    if not isinstance(promised, dict):
        raise BackupDamaged(f"{path}: {LAST} is not what a backup ends with")
    wrong = sorted(name for name in promised.keys() | sums.keys() if promised.get(name) != sums.get(name))
    if wrong:
        others = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise BackupDamaged(f"{path}: damaged or missing: {wrong[0]!r}{others}. Take another backup")
    return dict(ending.get("facts") or {})


def _whole(path: Path, info: tarfile.TarInfo, file: IO[bytes]) -> bytes:
    data = file.read()
    if len(data) != info.size:
        raise BackupDamaged(f"{path} ends too early, within {info.name!r}")
    return data


def _json(member: Member) -> dict[str, Any]:
    try:
        found = json.loads(member.data)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BackupDamaged(f"{member.name} cannot be read")
    return found
