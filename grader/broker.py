"""The broker: sending jobs with a short breath, and how many messages wait in a queue."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import redis
from celery import Celery
from kombu.exceptions import ChannelError, KombuError, OperationalError

from grader.outbox.errors import BrokerDown
from worker.contract import TASK_GRADE, JobMessage, Queue

SEND_TIMEOUT_S = 1.0
_CONNECTIONS = 8  # threads that may be sending at once

# What both of our Celery applications have in common.
COMMON: dict[str, Any] = {
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "task_create_missing_queues": True,
    "enable_utc": True,
    "timezone": "UTC",
}

# kombu and redis-py would otherwise try again for minutes.
_SHORT_BREATH: dict[str, Any] = {
    "socket_timeout": SEND_TIMEOUT_S,
    "socket_connect_timeout": SEND_TIMEOUT_S,
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}

_DOWN = (OperationalError, KombuError, redis.RedisError, OSError)


class JobBroker:
    """Hands job messages to the broker, or says within about a second that it cannot. One per process.

    An upload waits for this, so nothing is tried twice: the row stays in the outbox and is sent later. For
    `pause_s` after a failure nothing is tried at all, so that a dead broker does not slow every upload down.
    """

    def __init__(self, broker_url: str, *, pause_s: float = 2.0) -> None:
        self._app = Celery("grader-jobs", broker=broker_url, set_as_current=False)
        self._app.conf.update(COMMON, broker_connection_timeout=SEND_TIMEOUT_S, broker_transport_options=_SHORT_BREATH)
        # A pool of our own: Celery's belongs to the whole process, and closing it would close it for everybody.
        self._pool = self._app.connection_for_write().Pool(limit=_CONNECTIONS)
        self._pause_s = pause_s
        self._down_until = 0.0

    def publish(self, job: JobMessage) -> None:
        """Raises BrokerDown."""
        if time.monotonic() < self._down_until:
            raise BrokerDown("it was down a moment ago")
        try:
            # Left by an exception, this closes the connection: the next user of its place connects anew.
            with self._pool.acquire(block=True, timeout=SEND_TIMEOUT_S) as connection:
                self._app.send_task(
                    TASK_GRADE, args=[job.to_json()], queue=job.queue.value, retry=False, connection=connection
                )
        except _DOWN as error:
            self._down_until = time.monotonic() + self._pause_s
            raise BrokerDown(type(error).__name__) from None

    def depth(self, queue: str) -> int | None:
        """Messages that wait in `queue`, not counting those that workers hold; None when it cannot be known."""
        try:
            with self._app.connection_for_read() as connection:
                declared = connection.default_channel.queue_declare(queue=queue, passive=True)
                return int(declared.message_count)
        except ChannelError:
            return 0  # there is no such queue; Redis keeps no empty ones
        except _DOWN:
            return None

    def tell(self, node: str, queues: Sequence[str], *, take: bool) -> bool:
        """Have a worker take jobs from these queues, or no more; what it has it finishes. False: it cannot be told."""
        control = self._app.control
        try:
            with self._app.connection_for_write() as connection:
                for queue in queues:
                    order = control.add_consumer if take else control.cancel_consumer
                    order(queue, destination=[node], connection=connection)
        except _DOWN:
            return False
        return True

    def answers(self) -> bool:
        """Whether the broker can be reached."""
        return self.depth(Queue.CPU.value) is not None

    def close(self) -> None:
        self._pool.force_close_all()
        self._app.close()
