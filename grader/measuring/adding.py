"""From this process to the database: at a scrape, every few seconds, and at the end."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from grader.db.models import Measure
from grader.measuring.tally import TALLY, Key, Tally

log = logging.getLogger(__name__)

EVERY_S = 10.0
AT_ONCE = 200  # rows of one statement

Writing = Callable[[], AbstractContextManager[Session]]


def add_up(writing: Writing, tally: Tally = TALLY) -> int:
    """Add what was counted to the database's sums; tells how many changed. What fails is tried again next time."""
    values = tally.take()
    if not values:
        return 0
    try:
        with writing() as session:
            _add(session, values)
    except SQLAlchemyError as error:
        tally.give_back(values)
        log.warning("figures wait for the database: %s", type(error).__name__)
        return 0
    return len(values)


def _add(session: Session, values: dict[Key, float]) -> None:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    # In one order, so that two processes never wait for each other.
    rows = [{"name": k.name, "labels": k.labels, "bucket": k.bucket, "value": v} for k, v in sorted(values.items())]
    for first in range(0, len(rows), AT_ONCE):
        insert = dialect.insert(Measure).values(rows[first : first + AT_ONCE])
        added = insert.on_conflict_do_update(
            index_elements=["name", "labels", "bucket"], set_={"value": Measure.value + insert.excluded.value}
        )
        session.execute(added)


class Adder(threading.Thread):
    """Adds up every few seconds for as long as the process lives, and once more when it ends."""

    def __init__(self, writing: Writing) -> None:
        super().__init__(name="figures", daemon=True)
        self._writing = writing
        self._stopped = threading.Event()

    def start(self) -> None:
        super().start()
        atexit.register(self.stop)

    def run(self) -> None:
        while not self._stopped.wait(EVERY_S):
            try:
                add_up(self._writing)
            except Exception:
                log.exception("figures were not added up; they are the next time")

    def stop(self) -> None:
        if not self._stopped.is_set():
            self._stopped.set()
            add_up(self._writing)
