"""Whether what the service stands on answers. A word for each part: whoever asks may be anybody."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum

from sqlalchemy import text

from grader.db import revisions
from grader.wiring import Backend

log = logging.getLogger(__name__)

OK = "ok"
DOWN = "down"
BROKER = "broker"


class Readiness(StrEnum):
    READY = "ready"
    DEGRADED = "degraded"  # what is handed in is kept, and graded once the broker is back
    NOT_READY = "not ready"


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
    except revisions.TablesBehind as error:
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
    revisions.of(current).require()


def _ask_broker(backend: Backend) -> None:
    if not backend.broker.answers():
        raise ConnectionError("the broker does not answer")
