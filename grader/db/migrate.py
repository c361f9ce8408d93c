"""Bringing a database up to the tables that this release expects, without the `alembic` command."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Enum, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from grader.db.engine import WRITES, make_engine
from grader.db.models import Base
from grader.db.types import ENUM_LENGTH, CleanJson, CleanText, UtcDateTime


def _render(kind: str, thing: Any, _context: Any) -> str | bool:
    """Our column types as plain ones: a migration must not change when the models' module does."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, CleanText):
        return "sa.Text()"
    if kind == "type" and isinstance(thing, CleanJson):
        return 'sa.JSON().with_variant(JSONB(), "postgresql")'
    if kind == "type" and isinstance(thing, Enum):
        return f"sa.String(length={ENUM_LENGTH})"
    return False


OPTIONS: dict[str, Any] = {
    "render_item": _render,
    "render_as_batch": True,  # SQLite alters a table by copying it
    "compare_type": True,
    "transactional_ddl": True,  # also on SQLite: a migration that fails leaves nothing behind
}
_LOCK = 0x67726164  # PostgreSQL advisory lock: one process migrates, the others wait for it
TAKING_MS = 500  # less than PostgreSQL's deadlock_timeout
PAUSE_S = 1.0
WAIT_S = 120.0
NOT_IN_TIME = {"57014", "55P03"}  # SQLSTATE: statement cancelled by its timeout, lock not available


class MigrationError(RuntimeError):
    """The database cannot be brought up to date; the text says why."""


def upgrade(database_url: str, revision: str = "head", *, wait_s: float = WAIT_S) -> None:
    """Apply what is missing up to `revision`, while the service runs. Safe to call from several processes at once.

    On PostgreSQL it waits up to `wait_s` for tables that are in use, see `_take_all_tables`.

    Raises MigrationError, and whatever the database raises when it cannot be reached.
    """

    def change(connection: Connection) -> None:
        current = revision_on(connection)
        if current is not None and not knows(current):
            return  # a newer version's, beside which this one works: it is started again during an upgrade
        if current != head_revision():
            _take_all_tables(connection)
        upgrade_on(connection, revision)

    _patiently(database_url, change, wait_s)


def upgrade_on(connection: Connection, revision: str) -> None:
    """The same on a connection of `connection_for`, within its transaction."""
    command.upgrade(_config(connection), revision)


def downgrade(database_url: str, revision: str, *, wait_s: float = WAIT_S) -> None:
    """Take back what came after `revision` ("base": everything). Waits and raises as `upgrade` does."""

    def change(connection: Connection) -> None:
        _take_all_tables(connection)
        command.downgrade(_config(connection), revision)

    _patiently(database_url, change, wait_s)


def _patiently(database_url: str, change: Callable[[Connection], None], wait_s: float) -> None:
    """Try to make a change, again and again for `wait_s` while tables are in use."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            with connection_for(database_url) as connection:
                change(connection)
            return
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in NOT_IN_TIME:
                raise
            if time.monotonic() > deadline:
                raise MigrationError(
                    f"a table was in use for {wait_s:.0f} s without a pause, so nothing was changed: end long "
                    "transactions (pg_stat_activity shows them), or wait longer with `grader migrate upgrade --wait`"
                ) from None
            time.sleep(PAUSE_S)


def _take_all_tables(connection: Connection) -> None:
    """On PostgreSQL: have every table to itself, so that nothing waits while it holds some of them.

    Whoever wants to alter a table waits for those who use it, and everybody who comes later waits behind. And two
    who hold a table each and want the other's are a deadlock, which PostgreSQL ends after a second by failing one
    of them. So all tables are taken at once, within half a second or not at all.
    """
    names = inspect(connection).get_table_names()
    if connection.dialect.name == "sqlite" or not names:
        return
    quoted = ", ".join(map(connection.dialect.identifier_preparer.quote, names))
    connection.execute(text(f"SET LOCAL statement_timeout = {TAKING_MS}"))
    connection.execute(text(f"LOCK TABLE {quoted} IN ACCESS EXCLUSIVE MODE"))
    connection.execute(text("SET LOCAL statement_timeout = 0"))


def current_revision(database_url: str) -> str | None:
    """The revision that the database is at; None for an empty one."""
    with connected(database_url) as connection:
        return revision_on(connection)


def revision_on(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def knows(revision: str) -> bool:
    """Whether this release has the migration to `revision`."""
    return any(script.revision == revision for script in ScriptDirectory(str(_folder())).walk_revisions())


def head_revision() -> str:
    """The revision that this release expects."""
    head = ScriptDirectory(str(_folder())).get_current_head()
    assert head is not None
    return head


def differences(database_url: str) -> list[Any]:
    """What a new migration would have to change so that the tables equal the models; empty when they do."""
    with connected(database_url) as connection:
        context = MigrationContext.configure(connection, opts=OPTIONS)
        return list(compare_metadata(context, Base.metadata))


@contextmanager
def connection_for(database_url: str) -> Iterator[Connection]:
    """A connection on which a migration may run, while no other process migrates."""
    with connected(database_url) as connection:
        if connection.dialect.name == "sqlite":
            # Copying a table drops the old one, which foreign keys would forbid; they are checked afterwards.
            # The pragma does nothing inside a transaction, hence the bare connection.
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA foreign_keys = OFF")
            with connection.execution_options(**{WRITES: True}).begin():
                yield connection
                broken = connection.execute(text("PRAGMA foreign_key_check")).all()
                if broken:
                    raise MigrationError(f"the migration would break {len(broken)} references, e.g. {broken[0]}")
            driver.execute("PRAGMA foreign_keys = ON")
            return
        with connection.begin():
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection


@contextmanager
def connected(database_url: str) -> Iterator[Connection]:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = make_engine(database_url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _config(connection: Connection) -> Config:
    config = Config()
    # ConfigParser would read a % in the path as an interpolation.
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _folder() -> Path:
    # Found, not imported: `migrations` imports this package, and not the other way round.
    spec = importlib.util.find_spec("migrations")
    if spec is None or not spec.submodule_search_locations:
        raise MigrationError("the package `migrations` is not installed")
    return Path(next(iter(spec.submodule_search_locations)))
