"""In the worker's first process: closes the slots of devices that are out of service, tests those again, and knows
how all of them are.

A slot whose device is sick would otherwise take one job after the other and fail it.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol

from worker.contract.announcement import DeviceHealth, DeviceState
from worker.gpu.discovery import Driver, Gpu, GpuError
from worker.gpu.examination import DeviceSick, Examination
from worker.gpu.places import Places, told
from worker.gpu.quarantine import Quarantine

log = logging.getLogger(__name__)

LOOK_S = 5.0
LIST_EVERY = 12  # looks: the driver is asked for its devices once a minute


class Slots(Protocol):
    """The worker's side of it: how many jobs at a time it takes from the queue `gpu`."""

    def now(self) -> int: ...

    def set(self, slots: int) -> None: ...


class Caretaker(threading.Thread):
    """`look` is one round; the thread does one every LOOK_S seconds."""

    def __init__(self, driver: Driver, quarantine: Quarantine, places: Places, slots: Slots) -> None:
        super().__init__(name="gpu-caretaker", daemon=True)
        self._driver = driver
        self._quarantine = quarantine
        self._places = places
        self._slots = slots
        self._slots_at_start = slots.now()
        self._examination = Examination(driver, patience_s=0.0)
        self._gpus: tuple[Gpu, ...] = ()
        self._rounds = 0
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.look(time.time())
            except Exception:
                log.exception("the GPUs could not be looked after this time")
            self._stopped.wait(LOOK_S)

    def stop(self) -> None:
        self._stopped.set()

    def look(self, now: float) -> None:
        self._list()
        for gpu in self._gpus:
            ill = self._quarantine.of(gpu.uuid)
            if ill is not None and ill.retest_at <= now:
                self._test_again(gpu, now)
        if self._gpus:
            places = sum(self._places.sharing.slots(gpu) for gpu in self._gpus if not self._is_sick(gpu))
            wanted = min(self._slots_at_start, places)
            if wanted != self._slots.now():
                log.warning("slots of the queue gpu: %d of %d", wanted, self._slots_at_start)
                self._slots.set(wanted)

    def devices(self) -> tuple[DeviceState, ...]:
        """As staff see them. Does not ask the driver: it may take its time."""
        return tuple(self._state(gpu) for gpu in self._gpus)

    def _state(self, gpu: Gpu) -> DeviceState:
        ill = self._quarantine.of(gpu.uuid)
        if ill is not None:
            return DeviceState(gpu.uuid, gpu.name, DeviceHealth.SICK, gpu.memory_mib, ill.why)
        health = DeviceHealth.READY if self._places.alone(gpu) else DeviceHealth.BUSY
        return DeviceState(gpu.uuid, gpu.name, health, gpu.memory_mib)

    def _list(self) -> None:
        """What was there once stays in the list: a device that is lost must be told of, not forgotten."""
        self._rounds += 1
        if self._gpus and self._rounds % LIST_EVERY:
            return
        try:
            found = tuple(self._driver.gpus())
        except GpuError as problem:
            log.error("the GPUs cannot be listed: %s", problem)
            return
        if not self._gpus:
            log.info("%s", told(found, self._places.sharing))
        gone = [gpu for gpu in self._gpus if gpu.uuid not in {other.uuid for other in found}]
        for gpu in gone:
            if not self._is_sick(gpu):
                self._quarantine.put(gpu.uuid, "the driver does not list it any more")
        self._gpus = (*found, *gone)

    def _test_again(self, gpu: Gpu, now: float) -> None:
        self._driver.start_anew()
        try:
            self._examination.before(gpu, gpu.memory_mib // 2)
        except DeviceSick as sick:
            self._quarantine.put(gpu.uuid, str(sick), now)
            log.warning("%s (%s) is still out of service: %s", gpu.name, gpu.uuid, sick)
            return
        self._quarantine.end(gpu.uuid)
        log.warning("%s (%s) is well again, and in service", gpu.name, gpu.uuid)

    def _is_sick(self, gpu: Gpu) -> bool:
        return self._quarantine.of(gpu.uuid) is not None
