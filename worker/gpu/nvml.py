"""Reads the GPUs of this machine through NVML, the library that comes with NVIDIA's driver.

Only worker.gpu.observer imports this: a sick GPU can hold up whoever asks the driver for minutes.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable
from typing import Any, TypeVar

import pynvml

from worker.gpu.discovery import GpuError
from worker.gpu.readings import MigReading, ProcessReading, Reading

# In containers the driver's libraries often lie where no linker looks.
PLACES = ("/usr/local/nvidia/lib64/libnvidia-ml.so.1", "/usr/local/nvidia/lib/libnvidia-ml.so.1")
NO_INSTANCE = 0xFFFFFFFF
MOST_EVENTS = 100

T = TypeVar("T")


class Nvml:
    """`read` as often as one likes. Faults (Xids) are noticed from the moment that this object is there."""

    def __init__(self) -> None:
        """Raises GpuError; `present` is False on a machine without the driver."""
        self.present = True
        self._xids: dict[str, list[int]] = {}
        for place in PLACES:
            with contextlib.suppress(OSError):
                ctypes.CDLL(place)
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError_LibraryNotFound:
            self.present = False
            return
        except pynvml.NVMLError as problem:
            raise GpuError(f"NVIDIA's driver does not work: {problem}") from None
        self._events = self._listen()

    def read(self, uuid: str = "") -> list[Reading]:
        """All GPUs, or the one with this uuid. Raises GpuError."""
        if not self.present:
            return []
        self._hear()
        try:
            return [reading for handle in self._handles() if (reading := self._reading(handle, uuid)) is not None]
        except pynvml.NVMLError as problem:
            raise GpuError(f"NVIDIA's driver does not tell how a GPU is: {problem}") from None

    def _handles(self) -> list[Any]:
        return [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]

    def _reading(self, handle: Any, wanted: str) -> Reading | None:
        uuid = str(pynvml.nvmlDeviceGetUUID(handle))
        if wanted and uuid != wanted:
            return None
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        mig = _if_known(lambda: pynvml.nvmlDeviceGetMigMode(handle)[0] == pynvml.NVML_DEVICE_MIG_ENABLE, False)
        uncorrected = pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, pynvml.NVML_VOLATILE_ECC
        rows = _if_known(lambda: pynvml.nvmlDeviceGetRemappedRows(handle), (0, 0, 0, 0))
        return Reading(
            uuid=uuid,
            name=str(pynvml.nvmlDeviceGetName(handle)),
            minor=int(pynvml.nvmlDeviceGetMinorNumber(handle)),
            total_bytes=int(memory.total),
            free_bytes=int(memory.free),
            mig=mig,
            instances=tuple(_instances(handle)) if mig else (),
            processes=tuple(_processes(handle)),
            uncorrected_ecc=int(_if_known(lambda: pynvml.nvmlDeviceGetTotalEccErrors(handle, *uncorrected), 0)),
            remap_pending=bool(rows[2]),
            remap_failed=bool(rows[3]),
            pages_pending=bool(_if_known(lambda: pynvml.nvmlDeviceGetRetiredPagesPendingStatus(handle), 0)),
            xids=tuple(self._xids.get(uuid, ())),
        )

    def _listen(self) -> Any:
        """A set of events in which faults arrive; None where the driver has no such thing."""
        try:
            events = pynvml.nvmlEventSetCreate()
            for handle in self._handles():
                with contextlib.suppress(pynvml.NVMLError):
                    pynvml.nvmlDeviceRegisterEvents(handle, pynvml.nvmlEventTypeXidCriticalError, events)
        except pynvml.NVMLError:
            return None
        return events

    def _hear(self) -> None:
        for _ in range(MOST_EVENTS if self._events is not None else 0):
            try:
                event = pynvml.nvmlEventSetWait_v2(self._events, 0)
                uuid = str(pynvml.nvmlDeviceGetUUID(event.device))
            except pynvml.NVMLError:  # above all: none has arrived
                return
            self._xids.setdefault(uuid, []).append(int(event.eventData))


def _instances(handle: Any) -> list[MigReading]:
    found = []
    for index in range(pynvml.nvmlDeviceGetMaxMigDeviceCount(handle)):
        try:
            instance = pynvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, index)
        except pynvml.NVMLError_NotFound:
            continue
        memory = pynvml.nvmlDeviceGetMemoryInfo(instance)
        found.append(
            MigReading(
                uuid=str(pynvml.nvmlDeviceGetUUID(instance)),
                name=str(pynvml.nvmlDeviceGetName(instance)),
                gpu_instance=int(pynvml.nvmlDeviceGetGpuInstanceId(instance)),
                compute_instance=int(pynvml.nvmlDeviceGetComputeInstanceId(instance)),
                total_bytes=int(memory.total),
                free_bytes=int(memory.free),
            )
        )
    return found


def _processes(handle: Any) -> list[ProcessReading]:
    listed: list[Any] = _if_known(lambda: pynvml.nvmlDeviceGetComputeRunningProcesses(handle), [])
    return [
        ProcessReading(
            pid=int(entry.pid),
            used_bytes=None if entry.usedGpuMemory is None else int(entry.usedGpuMemory),
            instance=None if entry.gpuInstanceId in (None, NO_INSTANCE) else int(entry.gpuInstanceId),
        )
        for entry in listed
    ]


def _if_known(ask: Callable[[], T], otherwise: T) -> T:
    """Not every GPU and driver knows everything; that it is lost is not such a case."""
    try:
        return ask()
    except (pynvml.NVMLError_NotSupported, pynvml.NVMLError_FunctionNotFound, pynvml.NVMLError_NoPermission):
        return otherwise
