"""What the service keeps (notebooks, answers, logs, the secret key) is for the user alone that it runs as."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MASK = 0o077
OURS = ("secrets.json", "grader.db", "up.lock")  # a folder with one of these is a home, and no other folder


def make_private() -> None:
    """Files that this process and its children make from now on are for this user alone."""
    os.umask(MASK)


@contextmanager
def privately() -> Iterator[None]:
    """As `make_private`, for a command that does one thing: a database that it makes may stand in any folder."""
    before = os.umask(MASK)
    try:
        yield
    finally:
        os.umask(before)


def close_home(home: Path) -> None:
    """The home itself, so that nobody else reaches what is in it, however it was made."""
    if home.is_dir() and any((home / name).exists() for name in OURS) and home.stat().st_uid == os.geteuid():
        home.chmod(0o700)
