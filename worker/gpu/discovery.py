"""Which NVIDIA GPUs a worker may use, and how each of them is. Whoever asks the driver does it through these forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class GpuError(Exception):
    """The driver does not answer, or said what we do not understand. The text is for staff."""


@dataclass(frozen=True)
class Gpu:
    """A GPU, or a MIG instance of one: what a kernel can be bound to."""

    uuid: str  # "GPU-…" or "MIG-…": the same after a restart, and what CUDA_VISIBLE_DEVICES takes
    name: str
    memory_mib: int
    nodes: tuple[Path, ...]  # the device files that a kernel needs for this one, and for no other
    board: str = ""  # uuid of the GPU that a MIG instance is a part of


@dataclass(frozen=True)
class Process:
    """One that has memory of the device. `used_mib` is None where the driver does not tell it."""

    pid: int
    used_mib: int | None = None


@dataclass(frozen=True)
class State:
    """A device at one moment. `errors` only a reset of the GPU ends; words for staff."""

    memory_mib: int
    free_mib: int
    processes: tuple[Process, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def used_mib(self) -> int:
        return self.memory_mib - self.free_mib


class Discovery(Protocol):
    def gpus(self) -> Sequence[Gpu]:
        """Those that may be used, in the driver's order; none on a machine without. Raises GpuError."""


class Driver(Discovery, Protocol):
    def state(self, gpu: Gpu) -> State:
        """As it is now. Raises GpuError, also for a device that is not there any more."""

    def start_anew(self) -> None:
        """Forget what the driver told of before: errors that a reset ended since are then gone."""


def chosen(found: Sequence[Gpu], visible: str | None) -> tuple[Gpu, ...]:
    """As CUDA reads CUDA_VISIBLE_DEVICES: numbers or beginnings of uuids, up to the first that does not exist."""
    if visible is None:
        return tuple(found)
    picked: list[Gpu] = []
    for word in (part.strip() for part in visible.split(",")):
        if word.isdigit():
            matching = list(found[int(word) : int(word) + 1])
        else:
            matching = [gpu for gpu in found if word and gpu.uuid.startswith(word)]
        if len(matching) != 1:
            break
        picked += matching
    return tuple(picked)
