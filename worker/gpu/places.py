"""Places on devices: locked files, so that a place is free again however its holder ended.

A process of a worker is bound to a device for as long as it lives (`bind`), because its warm kernels are; for each job
it takes as much of the device's memory as the job asks for, in shares (`take`).
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.gpu.discovery import Gpu

LOOK_S = 0.25


@dataclass(frozen=True)
class Sharing:
    """How devices are shared. `slot_mib` 0: one kernel has a device for itself."""

    slot_mib: int = 0

    def slots(self, gpu: Gpu) -> int:
        """Kernels at once; a device that is smaller than a slot has one all the same."""
        return max(1, gpu.memory_mib // self.slot_mib) if self.slot_mib else 1

    def shares(self, gpu: Gpu, memory_mib: int) -> int:
        """Of the device's slots, how many a job takes that asks for so much memory."""
        return min(self.slots(gpu), max(1, math.ceil(memory_mib / self.slot_mib))) if self.slot_mib else 1


def told(gpus: Sequence[Gpu], sharing: Sharing) -> str:
    """What was found, in a line: "2 GPUs of NVIDIA with 2 slots: NVIDIA H100 (81920 MiB), …"."""
    if not gpus:
        return "no GPU of NVIDIA that may be used"
    number = "1 GPU" if len(gpus) == 1 else f"{len(gpus)} GPUs"
    slots = sum(sharing.slots(gpu) for gpu in gpus)
    names = ", ".join(f"{gpu.name} ({gpu.memory_mib} MiB{', a MIG instance' if gpu.board else ''})" for gpu in gpus)
    return f"{number} of NVIDIA with {slots} slot{'s' if slots > 1 else ''}: {names}"


class Places:
    def __init__(self, folder: Path, sharing: Sharing) -> None:
        self._folder = folder
        self.sharing = sharing
        self._own = 0  # shares

    def bind(self, gpu: Gpu) -> int | None:
        """A lock that is held until it is closed; None where as many processes as it has slots are bound to it."""
        return self._first_free(gpu, "bound")

    @contextlib.contextmanager
    def take(
        self, gpu: Gpu, memory_mib: int, timeout_s: float, given_up: Callable[[], bool] = lambda: False
    ) -> Iterator[None]:
        """Holds the memory for a job: all of its shares or none, so that two jobs never wait for each other.

        Raises TimeoutError, also when `given_up`."""
        held = self._shares(gpu, self.sharing.shares(gpu, memory_mib), timeout_s, given_up)
        self._own += len(held)
        try:
            yield
        finally:
            self._own -= len(held)
            for lock in held:
                os.close(lock)

    def alone(self, gpu: Gpu) -> bool:
        """Whether no other process has a share of the device just now."""
        taken = 0
        for number in range(self.sharing.slots(gpu)):
            lock = self._lock(gpu, "share", number)
            if lock is None:
                taken += 1
            else:
                os.close(lock)
        return taken <= self._own

    def _shares(self, gpu: Gpu, count: int, timeout_s: float, given_up: Callable[[], bool]) -> list[int]:
        deadline = time.monotonic() + timeout_s
        while True:
            held = self._at_once(gpu, count)
            if held:
                return held
            if time.monotonic() >= deadline or given_up():
                raise TimeoutError(f"{count} of {self.sharing.slots(gpu)} slots of {gpu.uuid} did not become free")
            time.sleep(LOOK_S)

    def _at_once(self, gpu: Gpu, count: int) -> list[int]:
        held: list[int] = []
        door = self._open(gpu, "door", 0)
        try:
            fcntl.flock(door, fcntl.LOCK_EX)  # for an instant: whoever is inside only tries, and never waits
            while len(held) < count and (lock := self._first_free(gpu, "share")) is not None:
                held.append(lock)
            if len(held) == count:
                return held
            for lock in held:
                os.close(lock)
            return []
        finally:
            os.close(door)

    def _first_free(self, gpu: Gpu, kind: str) -> int | None:
        for number in range(self.sharing.slots(gpu)):
            lock = self._lock(gpu, kind, number)
            if lock is not None:
                return lock
        return None

    def _lock(self, gpu: Gpu, kind: str, number: int) -> int | None:
        lock = self._open(gpu, kind, number)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    def _open(self, gpu: Gpu, kind: str, number: int) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{gpu.uuid}.{kind}.{number}"
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
