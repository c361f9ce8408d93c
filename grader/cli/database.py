"""Which revision of the tables a database has, and which one this version of the grader needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Revisions:
    current: str | None  # None: no tables yet
    head: str


def revisions(database_url: str) -> Revisions:
    """Asks the database. Raises SQLAlchemy's OperationalError when it cannot be reached."""
    from grader.db import migrate

    return Revisions(current=migrate.current_revision(database_url), head=migrate.head_revision())
