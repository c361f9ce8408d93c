"""Inserting a row that may be there already."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from grader.db.base import Base


def insert_or_ignore(session: Session, model: type[Base], values: dict[str, Any]) -> None:
    """Insert, or leave the row that has the same unique columns as it is."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(model).values(values).on_conflict_do_nothing())


def upsert(session: Session, model: type[Base], key: dict[str, Any], values: dict[str, Any]) -> None:
    """Insert the row of this primary key, or change these values of it."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(model).values(**key, **values)
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))
