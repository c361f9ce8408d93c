"""Which revision of the tables a database has, and whether this version of the grader can work with it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy.exc import OperationalError

from grader.db import migrate

log = logging.getLogger(__name__)


class TablesBehind(RuntimeError):
    """Tables or columns are missing; the text says what to run."""


@dataclass(frozen=True)
class Revisions:
    current: str | None  # None: no tables yet
    head: str  # what this version needs

    @property
    def ahead(self) -> bool:
        """A newer version's. It only adds, so this version goes on working beside it: an upgrade is under way."""
        return self.current is not None and not _knows(self.current)

    @property
    def behind(self) -> bool:
        return self.current != self.head and not self.ahead

    def require(self) -> None:
        """Raises TablesBehind."""
        if self.current is None:
            raise TablesBehind("The database has no tables yet. Run `grader migrate upgrade` first.")
        if self.behind:
            raise TablesBehind(
                f"The database is at revision {self.current}, this version of the grader needs {self.head}. "
                "Run `grader migrate upgrade` first."
            )


def of(current: str | None) -> Revisions:
    return Revisions(current, _head())


def revisions(database_url: str) -> Revisions:
    """Asks the database. Raises SQLAlchemy's OperationalError when it cannot be reached."""
    return of(migrate.current_revision(database_url))


def require_at_start(database_url: str) -> None:
    """For processes that serve. Raises TablesBehind; a database that is away now may come later."""
    try:
        found = revisions(database_url)
    except OperationalError:
        log.warning("the database does not answer, so its tables were not looked at")
        return
    found.require()


@lru_cache(maxsize=1)
def _head() -> str:
    return migrate.head_revision()


@lru_cache(maxsize=8)
def _knows(revision: str) -> bool:
    return migrate.knows(revision)
