"""The old version goes on writing while the new one's migrations run, and after them until it is replaced."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import Script, ScriptDirectory
from sqlalchemy import JSON, Boolean, Column, DateTime, Float, Integer, MetaData, Table, create_engine, event, text
from sqlalchemy.dialects.postgresql import JSONB

from grader.db import migrate
from grader.db.engine import WRITES, make_engine
from tests.support.databases import postgres_database

FORMER = "0016"  # the head of the last release: from here on migrations only add


def new_migrations() -> list[Script]:
    scripts = ScriptDirectory(str(migrate._folder())).walk_revisions(base=FORMER)
    return [script for script in reversed(list(scripts)) if script.revision != FORMER]


def statements(script: Script) -> list[str]:
    """The SQL of its upgrade for PostgreSQL, where no table is ever copied."""
    written = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": written, "target_metadata": MetaData()}
    )
    with Operations.context(context):
        script.module.upgrade()
    return [" ".join(statement.split()) for statement in written.getvalue().split(";") if statement.strip()]


def harm(statement: str, made: set[str]) -> str:
    """Why code that knows only the former tables would stumble over it; "" where it would not."""
    create = re.match(r'CREATE TABLE "?(\w+)"?', statement)
    if create:
        made.add(create[1])
        return ""
    touched = re.match(r'(?:ALTER TABLE|CREATE (?:UNIQUE )?INDEX \S+ ON|UPDATE|INSERT INTO) "?(\w+)"?', statement)
    if touched and touched[1] in made:
        return ""
    if re.search(r"\b(DROP|RENAME)\b", statement) or re.search(r"ALTER COLUMN .*\b(TYPE|SET NOT NULL)\b", statement):
        return "it takes or changes what is there"
    if re.search(r"ADD COLUMN .*\bNOT NULL\b", statement) and "DEFAULT" not in statement:
        return "a row without the new column could not be inserted any more"
    if statement.startswith("CREATE UNIQUE INDEX") or re.search(r"ADD CONSTRAINT .*\b(UNIQUE|CHECK)\b", statement):
        return "rows that were allowed are refused"
    return ""


@pytest.mark.parametrize("script", new_migrations(), ids=lambda script: script.revision)
def test_a_new_migration_only_adds(script: Script) -> None:
    made: set[str] = set()
    found = statements(script)
    assert found
    assert {statement: why for statement in found if (why := harm(statement, made))} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE runs DROP COLUMN notices",
        "ALTER TABLE runs RENAME COLUMN notices TO remarks",
        "ALTER TABLE runs RENAME TO tries",
        "ALTER TABLE runs ALTER COLUMN worker SET NOT NULL",
        "ALTER TABLE runs ALTER COLUMN worker TYPE INTEGER",
        "ALTER TABLE runs ADD COLUMN weight INTEGER NOT NULL",
        "CREATE UNIQUE INDEX uq_runs_worker ON runs (worker)",
        "ALTER TABLE runs ADD CONSTRAINT uq_runs_worker UNIQUE (worker)",
        "DROP TABLE runs",
    ],
)
def test_what_is_not_only_added_is_noticed(statement: str) -> None:
    assert harm(statement, set())
    assert not harm("ALTER TABLE runs ADD COLUMN weight INTEGER DEFAULT '0' NOT NULL", set())


class OldCode:
    """Writes into every table as it was at the former head, and knows of nothing newer."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        if url.startswith("sqlite"):  # on a machine with much else to do, the whole upgrade may take long
            event.listen(self.engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout = 240000").close())
        self.tables = MetaData()
        self.tables.reflect(self.engine)
        self.tables.remove(self.tables.tables["alembic_version"])
        for key in self.tables.tables["submissions"].foreign_key_constraints:
            key.use_alter = key.referred_table.name == "runs"  # the circle of the two; see the models
        self.rounds = 0

    def write(self) -> None:
        """A new row in each table, with the other new rows as what it points to; then a change of each."""
        self.rounds += 1
        made: dict[str, dict[str, Any]] = {}
        with self.engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            for table in self.tables.sorted_tables:
                made[table.name] = {column.name: self._value(table, column, made) for column in table.columns}
                connection.execute(table.insert(), made[table.name])
            for table in self.tables.sorted_tables:
                keys = [column == made[table.name][column.name] for column in table.primary_key]
                row = connection.execute(table.select().where(*keys)).one()
                assert row is not None
                plain = [column for column in table.columns if not column.primary_key and not column.foreign_keys]
                if plain:
                    changed = {plain[0].name: made[table.name][plain[0].name]}
                    assert connection.execute(table.update().where(*keys).values(changed)).rowcount == 1

    def _value(self, table: Table, column: Column[Any], made: dict[str, dict[str, Any]]) -> Any:
        for key in column.foreign_keys:
            target = key.column
            # What closes a circle of tables, or points to its own table, is empty, as in a new row.
            return made[target.table.name][target.name] if target.table.name in made else None
        if isinstance(column.type, Boolean):
            return False
        if isinstance(column.type, DateTime):
            return datetime(2026, 1, 1, tzinfo=UTC)
        if isinstance(column.type, JSON | JSONB):
            return {}
        if isinstance(column.type, Integer | Float):
            return self.rounds
        return f"{table.name[:6]}{self.rounds}"[: getattr(column.type, "length", None) or 60]


@pytest.fixture
def old_code(empty_database: str) -> Iterator[OldCode]:
    migrate.upgrade(empty_database, FORMER)
    old = OldCode(empty_database)
    yield old
    old.engine.dispose()


def test_the_old_version_writes_before_during_and_after(old_code: OldCode, empty_database: str) -> None:
    old_code.write()
    stop, problems = threading.Event(), list[BaseException]()

    def go_on() -> None:
        while not stop.wait(0.2):  # without a pause, SQLite would let nobody else in
            try:
                old_code.write()
            except BaseException as problem:
                problems.append(problem)
                return

    writing = threading.Thread(target=go_on)
    writing.start()
    try:
        migrate.upgrade(empty_database)
    finally:
        stop.set()
        writing.join()
    assert problems == []
    old_code.write()
    assert migrate.current_revision(empty_database) == migrate.head_revision()
    assert migrate.differences(empty_database) == []


def test_a_table_in_use_stops_nobody_behind_the_migration(postgres_url: str) -> None:
    """`ALTER TABLE` waits for a long transaction, and everybody else would wait behind it."""
    with postgres_database(postgres_url) as url:
        migrate.upgrade(url, FORMER)
        long, other = (create_engine(url) for _ in range(2))
        try:
            with long.begin() as connection:
                connection.execute(text("SELECT count(*) FROM blobs"))
                with pytest.raises(migrate.MigrationError, match="in use"):
                    migrate.upgrade(url, wait_s=0)
                with other.begin() as reader:
                    reader.execute(text("SELECT count(*) FROM blobs"))
                assert migrate.current_revision(url) == FORMER
            migrate.upgrade(url)
        finally:
            long.dispose()
            other.dispose()
        assert migrate.current_revision(url) == migrate.head_revision()
