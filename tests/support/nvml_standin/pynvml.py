"""In the place of NVIDIA's Python module on machines without its library: the same names, answered from a recording.

NVIDIA_RECORDING names a JSON file: {"devices": [...], "events": [[index, xid], ...], "fails": "DriverNotLoaded",
"hangs_s": 60}. It is read at every question, so a test can change what the machine says.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

NVML_DEVICE_MIG_ENABLE = 1
NVML_MEMORY_ERROR_TYPE_UNCORRECTED = 1
NVML_VOLATILE_ECC = 0
nvmlEventTypeXidCriticalError = 8


class NVMLError(Exception):
    pass


class NVMLError_LibraryNotFound(NVMLError):
    pass


class NVMLError_DriverNotLoaded(NVMLError):
    pass


class NVMLError_GpuIsLost(NVMLError):
    pass


class NVMLError_NotSupported(NVMLError):
    pass


class NVMLError_FunctionNotFound(NVMLError):
    pass


class NVMLError_NoPermission(NVMLError):
    pass


class NVMLError_NotFound(NVMLError):
    pass


class NVMLError_Timeout(NVMLError):
    pass


_heard = 0


def _recording() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(os.environ["NVIDIA_RECORDING"]).read_text())
    time.sleep(found.get("hangs_s", 0))
    if found.get("fails"):
        raise globals()[f"NVMLError_{found['fails']}"](found["fails"])
    return found


def _known(handle: dict[str, Any], name: str) -> Any:
    if name not in handle:
        raise NVMLError_NotSupported("Not Supported")
    return handle[name]


def nvmlInit() -> None:
    _recording()


def nvmlDeviceGetCount() -> int:
    return len(_recording()["devices"])


def nvmlDeviceGetHandleByIndex(index: int) -> dict[str, Any]:
    return dict(_recording()["devices"][index])


def nvmlDeviceGetUUID(handle: dict[str, Any]) -> str:
    return str(handle["uuid"])


def nvmlDeviceGetName(handle: dict[str, Any]) -> str:
    return str(handle["name"])


def nvmlDeviceGetMinorNumber(handle: dict[str, Any]) -> int:
    return int(handle["minor"])


def nvmlDeviceGetMemoryInfo(handle: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(**handle["memory"])


def nvmlDeviceGetMigMode(handle: dict[str, Any]) -> list[int]:
    return list(_known(handle, "mig_mode"))


def nvmlDeviceGetMaxMigDeviceCount(handle: dict[str, Any]) -> int:
    return 7


def nvmlDeviceGetMigDeviceHandleByIndex(handle: dict[str, Any], index: int) -> dict[str, Any]:
    instances = handle["instances"]
    if index >= len(instances):
        raise NVMLError_NotFound("Not Found")
    return dict(instances[index])


def nvmlDeviceGetGpuInstanceId(handle: dict[str, Any]) -> int:
    return int(handle["gpu_instance"])


def nvmlDeviceGetComputeInstanceId(handle: dict[str, Any]) -> int:
    return int(handle["compute_instance"])


def nvmlDeviceGetComputeRunningProcesses(handle: dict[str, Any]) -> list[SimpleNamespace]:
    return [SimpleNamespace(**entry) for entry in _known(handle, "processes")]


def nvmlDeviceGetTotalEccErrors(handle: dict[str, Any], kind: int, counter: int) -> int:
    assert (kind, counter) == (NVML_MEMORY_ERROR_TYPE_UNCORRECTED, NVML_VOLATILE_ECC)
    return int(_known(handle, "uncorrected"))


def nvmlDeviceGetRemappedRows(handle: dict[str, Any]) -> tuple[int, ...]:
    return tuple(_known(handle, "remapped_rows"))


def nvmlDeviceGetRetiredPagesPendingStatus(handle: dict[str, Any]) -> int:
    return int(_known(handle, "pages_pending"))


def nvmlEventSetCreate() -> object:
    return object()


def nvmlDeviceRegisterEvents(handle: dict[str, Any], kinds: int, events: object) -> None:
    assert kinds == nvmlEventTypeXidCriticalError


def nvmlEventSetWait_v2(events: object, timeout_ms: int) -> SimpleNamespace:
    global _heard
    told = _recording().get("events", [])
    if _heard >= len(told):
        raise NVMLError_Timeout("Timeout")
    index, xid = told[_heard]
    _heard += 1
    return SimpleNamespace(device=nvmlDeviceGetHandleByIndex(index), eventData=xid)
