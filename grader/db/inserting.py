"""Inserting a row that may be there already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from grader.db.base import Base


def insert_or_ignore(session: Session, model: type[Base], values: dict[str, Any]) -> None:
    """Insert, or leave the row that has the same unique columns as it is."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(model).values(values).on_conflict_do_nothing())


def upsert_many(
    session: Session, model: type[Base], keys: Sequence[dict[str, Any]], values: Sequence[dict[str, Any]]
) -> None:
    """Insert the rows of these primary keys, or change these values of them. The dictionaries have the same columns."""
    if not keys:
        return
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(model)
    changes = {name: statement.excluded[name] for name in values[0]}
    rows = [key | value for key, value in zip(keys, values, strict=True)]
    session.execute(statement.on_conflict_do_update(index_elements=list(keys[0]), set_=changes), rows)
