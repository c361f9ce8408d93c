"""Tells the recorder every few seconds that this worker is there, what it does, and what it may do.

A step of Celery's consumer and no thread: the main process forks the processes that run jobs, and a thread could hold
a lock at that moment. Celery sends its own heartbeats the same way.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from celery import bootsteps
from celery.worker import state
from kombu.exceptions import OperationalError

from worker.contract import MESSAGE_VERSION, RESULTS_QUEUE, TASK_GRADE, JobMessage, MessageError
from worker.contract.announcement import ANNOUNCE_S, EXPIRES_S, MAX_DEVICES, TASK_WORKER, DeviceState, WorkerMessage
from worker.gpu.reporting import device_states
from worker.settings import from_environment

log = logging.getLogger(__name__)


class Announcing(bootsteps.StartStopStep):  # type: ignore[misc]
    """Started anew with every connection to the broker."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self._name = from_environment().name
        self._queues = tuple(consumer.app.amqp.queues.consume_from)
        self._started_at = time.time()
        self._timer: Any = None

    def start(self, consumer: Any) -> None:
        self._tell(consumer)
        self._timer = consumer.timer.call_repeatedly(ANNOUNCE_S, self._tell, (consumer,), priority=10)

    def stop(self, consumer: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def shutdown(self, consumer: Any) -> None:
        self.stop(consumer)
        self._tell(consumer, leaving=True)

    def _tell(self, consumer: Any, *, leaving: bool = False) -> None:
        message = WorkerMessage(
            node=consumer.hostname,
            name=self._name,
            version=MESSAGE_VERSION,
            queues=self._queues,
            taking=() if leaving or consumer.task_consumer is None else _taking(consumer),
            slots=consumer.controller.concurrency,
            runs=_runs(),
            started_at=self._started_at,
            devices=_devices(self._queues),
            leaving=leaving,
        )
        try:
            consumer.app.send_task(
                TASK_WORKER, args=[message.to_json()], queue=RESULTS_QUEUE, retry=False, expires=EXPIRES_S
            )
        except (OperationalError, OSError) as error:
            log.info("the recorder is not told of this worker: %s", type(error).__name__)


def _taking(consumer: Any) -> tuple[str, ...]:
    return tuple(queue.name for queue in consumer.task_consumer.queues)


def _runs() -> tuple[str, ...]:
    found = []
    for request in tuple(state.active_requests):
        if request.name == TASK_GRADE and request.args:
            try:
                found.append(JobMessage.from_json(request.args[0]).run_id)
            except MessageError:
                continue  # it is dropped by the process that got it
    return tuple(found)


def _devices(queues: tuple[str, ...]) -> tuple[DeviceState, ...]:
    return device_states()[:MAX_DEVICES] if "gpu" in queues else ()
