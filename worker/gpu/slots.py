"""Whether a worker has a place on a GPU for each of its slots: all of them take from all of its queues."""

from __future__ import annotations

from collections.abc import Collection

from worker.contract import Queue
from worker.gpu.discovery import Discovery, GpuError
from worker.gpu.places import Sharing
from worker.gpu.use import NoGpu


def check_slots(queues: Collection[str], slots: int, discovery: Discovery, sharing: Sharing | None = None) -> None:
    """Raises NoGpu for a worker of the queue `gpu` of which some slot would fail every run that wants a GPU."""
    if Queue.GPU.value not in queues:
        return
    sharing = sharing or Sharing()
    try:
        found = discovery.gpus()
    except GpuError as problem:
        raise NoGpu(f"The GPUs of this machine cannot be listed: {problem}.", "Run `nvidia-smi` here.") from None
    places = sum(sharing.slots(gpu) for gpu in found)
    if slots <= places:
        return
    has = "has none that may be used"
    if found:
        has = f"has {len(found)}"
        has += f" with {places} slots of {sharing.slot_mib} MiB" if sharing.slot_mib else ""
    fix = "Take the queue `cpu` alone: `--queues cpu`" if not found else f"Start it with `--concurrency {places}`"
    if found and len(queues) > 1:
        fix = f"Start two workers: one with `--queues gpu --concurrency {places}`, one with `--queues cpu`"
    raise NoGpu(
        f"This worker takes the queue `gpu` with {slots} slot{'s' if slots != 1 else ''}, each of which needs a place "
        f"on an NVIDIA GPU, and this machine {has}.",
        fix + " (see CUDA_VISIBLE_DEVICES and WORKER_GPU_SLOT_MIB).",
    )
