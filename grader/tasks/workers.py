"""What workers tell of themselves."""

from __future__ import annotations

import logging

from sqlalchemy.exc import SQLAlchemyError

from grader.tasks.app import app, backend
from grader.time import utc_now
from grader.workers import service as workers
from worker.contract.announcement import TASK_WORKER, WorkerMessage
from worker.contract.fields import MessageError

log = logging.getLogger(__name__)


# Acknowledged at once: the next message, seconds later, says the same.
@app.task(name=TASK_WORKER, ignore_result=True, acks_late=False)  # type: ignore[untyped-decorator]
def worker_seen(message: object = None) -> str:
    try:
        parsed = WorkerMessage.from_json(message)
    except MessageError as error:
        log.warning("a worker told of itself what makes no sense: %s", error)
        return "malformed"
    try:
        with backend().writing() as session:
            order = workers.seen(session, parsed, utc_now())
    except SQLAlchemyError as error:
        log.warning("a worker was heard, but the database did not answer: %s", type(error).__name__)
        return "not noted"
    if order is not None:
        backend().broker.tell(order.node, order.queues, take=order.take)
    return "seen"
