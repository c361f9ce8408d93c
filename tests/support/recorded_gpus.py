"""Machines with GPUs, as NVML tells of them; recorded in its shape, so that the logic runs where there is none."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from worker.gpu.discovery import Gpu, GpuError, Process, State

STANDIN = Path(__file__).parent / "nvml_standin"
GIB = 1 << 30
MIB = 1 << 20
RESERVED = 512 * MIB  # of a GPU that nobody uses


def card(number: int, **more: Any) -> dict[str, Any]:
    """A GPU of 80 GiB with ECC, on which nothing runs."""
    return {
        "uuid": f"GPU-{number}aaa-bbb",
        "name": "NVIDIA H100 80GB HBM3",
        "minor": number,
        "memory": {"total": 80 * GIB, "free": 80 * GIB - RESERVED, "used": RESERVED},
        "mig_mode": [0, 0],
        "processes": [],
        "uncorrected": 0,
        "remapped_rows": [0, 0, 0, 0],
        **more,
    }


def small_card(number: int) -> dict[str, Any]:
    """One that knows nothing of MIG, ECC and rows."""
    return {
        "uuid": f"GPU-{number}ccc-ddd",
        "name": "NVIDIA GeForce RTX 2070",
        "minor": number,
        "memory": {"total": 8 * GIB, "free": 7 * GIB, "used": GIB},
        "processes": [],
    }


def instance(board: int, number: int) -> dict[str, Any]:
    """A MIG instance; NVML numbers GPU instances as it likes."""
    return {
        "uuid": f"MIG-{board}{number}ee-fff",
        "name": "NVIDIA H100 MIG 1g.10gb",
        "gpu_instance": 7 + number,
        "compute_instance": 0,
        "memory": {"total": 10 * GIB, "free": 10 * GIB - RESERVED // 8, "used": RESERVED // 8},
    }


def cut_card(number: int, instances: int, **more: Any) -> dict[str, Any]:
    return card(number, mig_mode=[1, 1], instances=[instance(number, n) for n in range(instances)], **more)


def process(pid: int, used: int | None, gpu_instance: int = 0xFFFFFFFF) -> dict[str, Any]:
    return {"pid": pid, "usedGpuMemory": used, "gpuInstanceId": gpu_instance, "computeInstanceId": 0xFFFFFFFF}


def record(folder: Path, devices: Sequence[Mapping[str, Any]], **more: Any) -> dict[str, str]:
    """The variables with which an observer asks the stand-in, which answers this."""
    file = folder / "recording.json"
    draft = folder / "recording.draft"
    draft.write_text(json.dumps({"devices": list(devices), **more}))
    os.replace(draft, file)
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(STANDIN), "NVIDIA_RECORDING": str(file)}


class Machine:
    """A Driver whose devices a test changes as it likes; `kills` are what a killed process gives back."""

    def __init__(self, *uuids: str, memory_mib: int = 80_000) -> None:
        self.found = [Gpu(uuid, "NVIDIA H100", memory_mib, (Path("/dev/nvidia0"),)) for uuid in uuids]
        self.used_mib = dict.fromkeys(uuids, 500)
        self.processes: dict[str, list[Process]] = {uuid: [] for uuid in uuids}
        self.errors: dict[str, tuple[str, ...]] = {}
        self.trouble = ""
        self.resets = 0

    def gpus(self) -> Sequence[Gpu]:
        if self.trouble:
            raise GpuError(self.trouble)
        return tuple(self.found)

    def state(self, gpu: Gpu) -> State:
        if self.trouble:
            raise GpuError(self.trouble)
        if gpu not in self.found:
            raise GpuError(f"NVIDIA's driver does not list {gpu.uuid} any more")
        free_mib = gpu.memory_mib - self.used_mib[gpu.uuid]
        return State(gpu.memory_mib, free_mib, tuple(self.processes[gpu.uuid]), self.errors.get(gpu.uuid, ()))

    def start_anew(self) -> None:
        self.resets += 1
