"""Whether what the service stands on answers. A word for each part: whoever asks may be anybody."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import text

from grader.db import migrate
from grader.wiring import Backend

log = logging.getLogger(__name__)

OK = "ok"
DOWN = "down"
BROKER = "broker"


class Readiness(StrEnum):
    READY = "ready"
    DEGRADED = "degraded"  # what is handed in is kept, and graded once the broker is back
    NOT_READY = "not ready"


class _NotMigrated(Exception):
    pass


def parts(backend: Backend) -> dict[str, str]:
    return {
        "database": _state("database", lambda: _ask_database(backend)),
        BROKER: _state(BROKER, lambda: _ask_broker(backend)),
        "storage": _state("storage", backend.blobs.try_writing),
    }


def state_of(parts: Mapping[str, str]) -> Readiness:
    """Only what an upload needs decides whether this process is given any."""
    away = {name for name, state in parts.items() if state != OK}
    if not away:
        return Readiness.READY
    return Readiness.DEGRADED if away == {BROKER} else Readiness.NOT_READY


def _state(name: str, ask: Callable[[], None]) -> str:
    try:
        ask()
    except _NotMigrated as error:
        log.warning("not ready: %s", error)
        return "not migrated"
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a part, the answer is that it is down
        log.warning("not ready: %s does not answer: %s", name, type(error).__name__)
        return DOWN
    return OK


def _ask_database(backend: Backend) -> None:
    with backend.reading() as session:
        session.execute(text("SELECT 1"))
        current = session.scalar(text("SELECT version_num FROM alembic_version"))
    # A revision that this release does not know is a later one: an upgrade is going on, and tables only grow.
    if current is None or (current != _head() and _knows(current)):
        raise _NotMigrated(f"the tables are at revision {current}, this release needs {_head()}")


def _ask_broker(backend: Backend) -> None:
    if not backend.broker.answers():
        raise ConnectionError("the broker does not answer")


@lru_cache(maxsize=1)
def _head() -> str:
    return migrate.head_revision()


@lru_cache(maxsize=8)
def _knows(revision: str) -> bool:
    return migrate.knows(revision)
