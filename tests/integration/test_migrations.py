from __future__ import annotations

import threading

import pytest
from sqlalchemy import inspect, text

from grader.db import migrate
from grader.db.engine import make_engine
from grader.db.models import Base


def tables(url: str) -> set[str]:
    engine = make_engine(url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def execute(url: str, *statements: str) -> None:
    engine = make_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_an_empty_database_gets_every_table_of_the_models(empty_database: str) -> None:
    assert migrate.current_revision(empty_database) is None
    migrate.upgrade(empty_database)
    assert tables(empty_database) == {*Base.metadata.tables, "alembic_version"}
    assert migrate.current_revision(empty_database) == migrate.head_revision()


def test_the_migrations_make_exactly_what_the_models_say(empty_database: str) -> None:
    migrate.upgrade(empty_database)
    assert migrate.differences(empty_database) == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE runs DROP COLUMN notices",
        "DROP INDEX uq_runs_active",
        "ALTER TABLE users ADD COLUMN shoe_size INTEGER",
    ],
)
def test_a_table_that_differs_from_its_model_is_noticed(empty_database: str, change: str) -> None:
    migrate.upgrade(empty_database)
    execute(empty_database, change)
    assert len(migrate.differences(empty_database)) == 1


def test_migrating_twice_changes_nothing(empty_database: str) -> None:
    migrate.upgrade(empty_database)
    execute(
        empty_database,
        "INSERT INTO courses (id, slug, title, created_at) VALUES ('c1', 'dl', 'Deep', '2026-11-21 10:00:00')",
    )
    migrate.upgrade(empty_database)
    engine = make_engine(empty_database)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT title FROM courses")).scalar_one() == "Deep"
    engine.dispose()


def test_a_downgrade_takes_everything_back_and_an_upgrade_makes_it_again(empty_database: str) -> None:
    migrate.upgrade(empty_database)
    migrate.downgrade(empty_database, "base")
    assert tables(empty_database) <= {"alembic_version"}
    migrate.upgrade(empty_database)
    assert migrate.differences(empty_database) == []


def test_several_that_start_together_migrate_once(empty_database: str) -> None:
    errors: list[BaseException] = []

    def upgrade() -> None:
        try:
            migrate.upgrade(empty_database)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert migrate.current_revision(empty_database) == migrate.head_revision()
