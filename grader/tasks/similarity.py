"""Comparing submissions. The database knows what is owed; a message only says that somebody should look."""

from __future__ import annotations

import logging
import threading

from kombu.exceptions import OperationalError

from grader.db.models import ComparisonStatus
from grader.similarity import queries
from grader.similarity.comparer import SILENT, Comparer
from grader.tasks.app import app, backend
from grader.time import utc_now
from grader.wiring import Backend

log = logging.getLogger(__name__)
_one_at_a_time = threading.BoundedSemaphore(1)  # it computes for seconds; results must not wait behind several


@app.task(name="grader.similarity.compare", ignore_result=True, acks_late=False)  # type: ignore[untyped-decorator]
def compare(comparison_id: str) -> str:
    """Without room it is left to the next sweep."""
    if not _one_at_a_time.acquire(blocking=False):
        return "no room"
    try:
        return comparer(backend()).work(comparison_id)
    finally:
        _one_at_a_time.release()


def comparer(parts: Backend) -> Comparer:
    return Comparer(parts.writing, parts.blobs, parts.settings.assignments_dir)


def announce(parts: Backend) -> int:
    """Have the comparisons done that wait, or whose recorder fell silent; tells how many."""
    now = utc_now()
    with parts.reading() as session:
        owed = [
            found.id
            for found in queries.unfinished(session)
            if found.status is ComparisonStatus.WAITING or (found.seen_at is not None and found.seen_at < now - SILENT)
        ]
    for number, comparison_id in enumerate(owed):
        try:
            compare.apply_async((comparison_id,), retry=False)
        except (OperationalError, OSError) as error:
            log.warning("%d comparisons wait for the broker: %s", len(owed) - number, type(error).__name__)
            return number
    return len(owed)
