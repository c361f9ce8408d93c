"""Rows as lines of JSON, in the same words whichever database they come from or go to."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Float, MetaData, Table, Text, bindparam, select
from sqlalchemy.types import JSON, BigInteger, DateTime, Integer, TypeDecorator, TypeEngine

from grader.backup.errors import BackupError
from grader.db.models import Base
from grader.db.types import CleanJson, UtcDateTime

ROWS_AT_ONCE = 2000
_GZIP_LEVEL = 6

# The kind of a column, as the backup's manifest names it, and the type with which it is written back.
KINDS: dict[str, Callable[[], TypeEngine[Any]]] = {
    "time": UtcDateTime,
    "json": CleanJson,
    "flag": Boolean,
    "whole": BigInteger,
    "real": Float,
    "text": Text,
}


def description() -> list[dict[str, Any]]:
    """Every table in an order in which its rows can be inserted, for the manifest.

    `late` names columns that point to rows which come later (a submission's run that counts): they are filled in
    at the end.
    """
    return [
        {
            "name": table.name,
            "columns": {column.name: _kind(column) for column in table.columns},
            "key": [column.name for column in table.primary_key],
            "late": sorted(_late(table)),
        }
        for table in Base.metadata.sorted_tables
    ]


def parts(connection: Connection, table_name: str) -> Iterator[tuple[int, bytes]]:
    """The table's rows as packed lines, with how many there are in each part."""
    table = Base.metadata.tables[table_name]
    plain = _plain_table(table_name, {column.name: _kind(column) for column in table.columns})
    result = connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE).execute(select(plain))
    for rows in result.partitions():
        lines = [json.dumps([_out(value) for value in row], ensure_ascii=False) for row in rows]
        yield len(lines), gzip.compress("\n".join(lines).encode(), _GZIP_LEVEL, mtime=0)


def insert(connection: Connection, described: dict[str, Any], packed: bytes) -> int:
    """Insert a part's rows, the late columns left empty."""
    table = _plain_table(described["name"], described["columns"])
    rows = _rows(described, packed)
    for row in rows:
        for name in described["late"]:
            row[name] = None
    if rows:
        connection.execute(table.insert(), rows)
    return len(rows)


def fill_late(connection: Connection, described: dict[str, Any], packed: bytes) -> None:
    table = _plain_table(described["name"], described["columns"])
    for name in described["late"]:
        found = [row for row in _rows(described, packed) if row[name] is not None]
        if not found:
            continue
        statement = table.update().values({name: bindparam("late_value")})
        for key in described["key"]:
            statement = statement.where(table.c[key] == bindparam(f"key_{key}"))
        values = [
            {"late_value": row[name], **{f"key_{key}": row[key] for key in described["key"]}} for row in found
        ]  # fmt: skip
        connection.execute(statement, values)


def _rows(described: dict[str, Any], packed: bytes) -> list[dict[str, Any]]:
    names, kinds = list(described["columns"]), list(described["columns"].values())
    lines = gzip.decompress(packed).decode().split("\n")
    return [
        {name: _in(kind, value) for name, kind, value in zip(names, kinds, json.loads(line), strict=True)}
        for line in lines
    ]


def _plain_table(name: str, columns: dict[str, str]) -> Table:
    """The table with types of ours alone: no enum that a later release has changed, no default of today's models."""
    unknown = set(columns.values()) - KINDS.keys()
    if unknown:
        raise BackupError(f"the backup has columns of a kind that is not known here: {', '.join(sorted(unknown))}")
    return Table(name, MetaData(), *(Column(column, KINDS[kind]()) for column, kind in columns.items()))


def _kind(column: Column[Any]) -> str:
    kind: Any = column.type
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    for name, types in (("time", DateTime), ("json", JSON), ("flag", Boolean), ("whole", Integer), ("real", Float)):
        if isinstance(kind, types):
            return name
    return "text"


def _late(table: Table) -> set[str]:
    """Columns whose foreign key goes to the table itself, or closes a circle of tables."""
    return {
        key.parent.name
        for key in table.foreign_keys
        if key.column.table is table or (key.constraint is not None and key.constraint.use_alter)
    }


def _out(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _in(kind: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if kind == "time" and value is not None else value
