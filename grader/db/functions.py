"""SQL that PostgreSQL and SQLite spell differently."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Double, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import NullType


def room_for_groups(session: Session) -> None:
    """Let PostgreSQL group in memory for the rest of this transaction, also where it cannot guess how few groups there
    are; otherwise it sorts all rows on disk first. SQLite has nothing to set."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL work_mem = '32MB'"))


class utc_day(GenericFunction[Any]):
    """The day of a moment in UTC: text like "2026-11-21" on SQLite, a date on PostgreSQL; `str` of both is the same."""

    type = NullType()
    inherit_cache = True
    name = "utc_day"


class seconds_between(GenericFunction[float]):
    """seconds_between(earlier, later)."""

    type = Double()
    inherit_cache = True
    name = "seconds_between"


@compiles(utc_day, "sqlite")
def _day_sqlite(element: utc_day, compiler: Any, **kw: Any) -> str:
    return f"date({compiler.process(element.clauses, **kw)})"


@compiles(utc_day, "postgresql")
def _day_postgresql(element: utc_day, compiler: Any, **kw: Any) -> str:
    return f"CAST(({compiler.process(element.clauses, **kw)}) AT TIME ZONE 'UTC' AS date)"


@compiles(seconds_between, "sqlite")
def _seconds_sqlite(element: seconds_between, compiler: Any, **kw: Any) -> str:
    earlier, later = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"((julianday({later}) - julianday({earlier})) * 86400.0)"


@compiles(seconds_between, "postgresql")
def _seconds_postgresql(element: seconds_between, compiler: Any, **kw: Any) -> str:
    earlier, later = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"extract(epoch FROM ({later}) - ({earlier}))::float8"
