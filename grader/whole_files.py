"""Files that are there whole or not at all, whatever ends the process that writes them."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

LONGEST_PART = 40  # of the name, so that the one aside is never too long


@contextmanager
def whole_file(path: Path, *, replace: bool = True) -> Iterator[IO[bytes]]:
    """For writing, with the rights of this user alone. At the end it is on the disk and appears at `path`.

    `replace=False`: raises FileExistsError where there is one by then, so of several that write it the first wins.
    """
    aside = path.with_name(f".{path.name[:LONGEST_PART]}-{secrets.token_hex(8)}")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if replace:
            aside.replace(path)
        else:
            os.link(aside, path)
            aside.unlink()
    except BaseException as error:
        aside.unlink(missing_ok=True)
        if isinstance(error, OSError) and (error.filename == str(aside) or error.errno == errno.ENOSPC):
            error.filename, error.filename2 = str(path), None  # the other name says nothing to anybody
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
