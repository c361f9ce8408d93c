"""On SQLite, what was deleted is not left in the file."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from grader.db.engine import make_engine

NAME = "Somebody Forgotten"


def test_what_was_deleted_is_not_left_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "grader.db"
    engine = make_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)"))
        rows = [{"name": f"{NAME} {i}"} for i in range(50)]
        connection.execute(text("INSERT INTO people (name) VALUES (:name)"), rows)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert NAME.encode() in file.read_bytes()
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM people"))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    assert NAME.encode() not in file.read_bytes()
