"""The caretaker of a worker's devices: begun with the worker, and asked how they are."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_ready, worker_shutting_down

from worker.contract import Queue
from worker.contract.announcement import DeviceState
from worker.gpu.asking import ObservedDriver
from worker.gpu.caretaker import Caretaker
from worker.gpu.places import Places, Sharing
from worker.gpu.quarantine import Quarantine
from worker.gpu.use import device_folder
from worker.settings import gpu_slot_mib

_CARETAKERS: list[Caretaker] = []


class ConsumerSlots:
    """The jobs of the queue `gpu` that Celery's consumer lets this worker have at a time.

    A worker that takes another queue as well keeps its processes for that one: its queue `gpu` is open or closed.
    """

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._other = set(consumer.app.amqp.queues.consume_from) - {Queue.GPU.value}
        self._open = True
        self._wanted = int(consumer.pool.num_processes)

    def now(self) -> int:
        if not self._open:
            return 0
        return self._wanted if self._other else int(self._consumer.pool.num_processes)

    def set(self, slots: int) -> None:
        """Returns at once; what cannot be done while all processes are busy is asked for again at the next look."""
        self._wanted = slots
        self._consumer.call_soon(self._apply, slots)

    def _apply(self, slots: int) -> None:
        if slots == 0 and self._open:
            self._consumer.cancel_task_queue(Queue.GPU.value)
            self._open = False
        elif slots > 0 and not self._open:
            self._consumer.add_task_queue(Queue.GPU.value)
            self._open = True
        if slots > 0 and not self._other:
            self._resize(slots - int(self._consumer.pool.num_processes))

    def _resize(self, more: int) -> None:
        pool = self._consumer.pool
        if more > 0:
            pool.grow(more)
        elif more < 0:
            try:
                pool.shrink(-more)
            except ValueError:  # all of them are busy
                return
        self._consumer._update_prefetch_count(more)


@worker_ready.connect  # type: ignore[untyped-decorator]
def begin(sender: Any = None, **_: Any) -> None:
    if _CARETAKERS or sender is None or Queue.GPU.value not in sender.app.amqp.queues.consume_from:
        return
    folder, driver = device_folder(), ObservedDriver()
    caretaker = Caretaker(driver, Quarantine(folder), Places(folder, Sharing(gpu_slot_mib())), ConsumerSlots(sender))
    _CARETAKERS.append(caretaker)
    caretaker.start()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def end(**_: Any) -> None:
    for caretaker in _CARETAKERS:
        caretaker.stop()


def device_states() -> tuple[DeviceState, ...]:
    """Asks nobody, so that it may be called from where nothing may wait; none in a worker without the queue `gpu`."""
    return tuple(state for caretaker in _CARETAKERS for state in caretaker.devices())
