"""Engines for SQLite and PostgreSQL that behave alike."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from grader import urls

SQLITE_BUSY_S = 15  # a database that is locked for ten seconds must be survived
WRITES = "grader_writes"  # execution option: this transaction will write


def make_engine(database_url: str, *, pool_size: int = 5) -> Engine:
    url = urls.database(database_url)
    if url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": SQLITE_BUSY_S})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url,
        hide_parameters=True,  # errors are logged, and values are what people wrote
        pool_pre_ping=True,  # the server may have been restarted
        pool_size=pool_size,
        max_overflow=2 * pool_size,
        connect_args={"connect_timeout": 5, "application_name": "grader"},
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own handling of transactions is turned off: it would begin them late and always deferred.
    connection.isolation_level = None
    _use_wal(connection)
    for pragma in (
        "synchronous = FULL",  # a submission that was acknowledged survives a loss of power
        "foreign_keys = ON",
        "secure_delete = ON",  # who is forgotten is not still there to read in the file's free pages
        f"busy_timeout = {SQLITE_BUSY_S * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _use_wal(connection: sqlite3.Connection) -> None:
    """Readers and the writer do not stop each other. The file keeps the mode, so this is done once."""
    deadline = time.monotonic() + SQLITE_BUSY_S
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError:
            # Two processes that both begin with a new file; for this statement SQLite waits for nobody.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails at once when another has written in between, and
    # no busy_timeout helps. One that will write therefore takes its place in the line at the beginning.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
