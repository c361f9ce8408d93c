"""What NVML tells of one GPU, as it tells it, and what follows for us. Pure: recorded readings do as well."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.gpu.discovery import Gpu, GpuError, Process, State

SHARED_NODES = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools")  # of all GPUs; they hold no state of another process
CAPS = Path("/dev/nvidia-caps")
MIB = 1 << 20
_ACCESS = re.compile(r"(gpu\d+/gi\d+(?:/ci\d+)?)/access (\d+)")
# Faults that a program's own mistake causes, as NVIDIA's device plugin for Kubernetes counts them: the GPU is well.
XIDS_OF_PROGRAMS = frozenset({13, 31, 43, 45, 68, 109})


@dataclass(frozen=True)
class ProcessReading:
    pid: int
    used_bytes: int | None  # None where the driver does not tell it
    instance: int | None  # the MIG GPU instance that it is on


@dataclass(frozen=True)
class MigReading:
    uuid: str
    name: str
    gpu_instance: int
    compute_instance: int
    total_bytes: int
    free_bytes: int


@dataclass(frozen=True)
class Reading:
    uuid: str
    name: str
    minor: int  # of its file, /dev/nvidiaN
    total_bytes: int
    free_bytes: int
    mig: bool = False  # it is cut into instances, and cannot be used as a whole
    instances: tuple[MigReading, ...] = ()
    processes: tuple[ProcessReading, ...] = ()
    uncorrected_ecc: int = 0  # since the GPU was reset
    remap_pending: bool = False  # rows of memory that a reset will replace
    remap_failed: bool = False
    pages_pending: bool = False  # the same on older GPUs
    xids: tuple[int, ...] = ()  # that were noticed while somebody listened

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: object) -> Reading:
        """Raises GpuError."""
        try:
            raw = dict(data)  # type: ignore[call-overload]
            raw["instances"] = tuple(MigReading(**entry) for entry in raw.get("instances", ()))
            raw["processes"] = tuple(ProcessReading(**entry) for entry in raw.get("processes", ()))
            raw["xids"] = tuple(int(number) for number in raw.get("xids", ()))
            return cls(**raw)
        except (TypeError, ValueError) as problem:
            raise GpuError(f"the driver's words are not understood: {problem}") from None


def gpus_of(readings: Sequence[Reading], minors: Mapping[str, int]) -> tuple[Gpu, ...]:
    """What a kernel can be bound to. `minors`: numbers of the files that open MIG instances, see `mig_minors`."""
    found: list[Gpu] = []
    for reading in readings:
        nodes = tuple(Path("/dev", name) for name in (f"nvidia{reading.minor}", *SHARED_NODES))
        if not reading.mig:
            found.append(Gpu(reading.uuid, reading.name, reading.total_bytes // MIB, nodes))
        for instance in reading.instances if reading.mig else ():
            caps = _cap_nodes(reading.minor, instance, minors)
            memory_mib = instance.total_bytes // MIB
            found.append(Gpu(instance.uuid, instance.name, memory_mib, (*nodes, *caps), board=reading.uuid))
    return tuple(found)


def state_of(reading: Reading, gpu: Gpu) -> State:
    """Raises GpuError for an instance that is not there any more."""
    errors = _errors(reading)
    if not gpu.board:
        processes = tuple(_process(entry) for entry in reading.processes)
        return State(reading.total_bytes // MIB, reading.free_bytes // MIB, processes, errors)
    own = next((instance for instance in reading.instances if instance.uuid == gpu.uuid), None)
    if own is None:
        raise GpuError(f"{gpu.uuid} is not there any more: the GPU was cut anew")
    processes = tuple(_process(entry) for entry in reading.processes if entry.instance == own.gpu_instance)
    return State(own.total_bytes // MIB, own.free_bytes // MIB, processes, errors)


def mig_minors(text: str) -> dict[str, int]:
    """From /proc/driver/nvidia-caps/mig-minors, lines such as "gpu0/gi1/ci0/access 13"."""
    return {match[1]: int(match[2]) for match in _ACCESS.finditer(text)}


def _cap_nodes(minor: int, instance: MigReading, minors: Mapping[str, int]) -> list[Path]:
    part = f"gpu{minor}/gi{instance.gpu_instance}"
    numbers = [minors.get(part), minors.get(f"{part}/ci{instance.compute_instance}")]
    return [CAPS / f"nvidia-cap{number}" for number in numbers if number is not None]


def _process(entry: ProcessReading) -> Process:
    return Process(entry.pid, None if entry.used_bytes is None else entry.used_bytes // MIB)


def _errors(reading: Reading) -> tuple[str, ...]:
    told = []
    if reading.uncorrected_ecc:
        told.append(f"{reading.uncorrected_ecc} uncorrected memory errors (ECC) since it was reset")
    if reading.remap_failed:
        told.append("rows of its memory are broken and cannot be replaced: the GPU must be exchanged")
    if reading.remap_pending or reading.pages_pending:
        told.append("broken memory is replaced only when it is reset (`nvidia-smi --gpu-reset`)")
    told += [f"Xid {number}" for number in sorted(set(reading.xids) - XIDS_OF_PROGRAMS)]
    return tuple(told)
