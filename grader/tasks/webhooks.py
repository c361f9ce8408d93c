"""Delivering webhooks. Celery carries ids of endpoints; what is owed, and when, is in the database."""

from __future__ import annotations

import logging
import threading

from kombu.exceptions import OperationalError

from grader.lms.lti.sync_wants import hear
from grader.lms.webhooks import queries
from grader.lms.webhooks.delivery import Courier
from grader.lms.webhooks.fanout import BATCH, fan_out
from grader.tasks.app import app, backend
from grader.time import utc_now
from grader.wiring import Backend

log = logging.getLogger(__name__)

# Slow receivers must not hold up the recording of results, which shares this process's threads.
MOST_AT_ONCE = 2
_room = threading.BoundedSemaphore(MOST_AT_ONCE)


# Acknowledged at once: a message that is lost is announced again by the next sweep, and one that is held for the
# half minute of a turn would be one more to give back when the broker goes away.
@app.task(name="grader.webhooks.serve", ignore_result=True, acks_late=False)  # type: ignore[untyped-decorator]
def serve(endpoint_id: str) -> str:
    """Send what is due to one endpoint. Without room it is left to the next sweep."""
    if not _room.acquire(blocking=False):
        return "no room"
    try:
        return f"{courier(backend()).serve(endpoint_id)} tried"
    finally:
        _room.release()


def courier(parts: Backend) -> Courier:
    return Courier(parts.writing, parts.webhooks.sealer, parts.webhooks.sender)


def announce(parts: Backend) -> int:
    """Turn events into deliveries, and have the endpoints served to which something is due; tells how many."""
    while True:
        with parts.writing() as session:
            if fan_out(session, parts.settings.public_url, utc_now(), listener=hear) < BATCH:
                break
    with parts.reading() as session:
        due = queries.due_endpoints(session, utc_now())
    for number, endpoint_id in enumerate(due):
        try:
            serve.apply_async((endpoint_id,), retry=False)
        except (OperationalError, OSError) as error:
            log.warning("%d webhooks wait for the broker: %s", len(due) - number, type(error).__name__)
            return number
    return len(due)
