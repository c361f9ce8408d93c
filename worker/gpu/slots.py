"""Whether a worker has a GPU for each of its slots: all of them take from all of its queues."""

from __future__ import annotations

from collections.abc import Collection

from worker.contract import Queue
from worker.gpu.discovery import Discovery, GpuError
from worker.gpu.lease import NoGpu


def check_slots(queues: Collection[str], slots: int, discovery: Discovery) -> None:
    """Raises NoGpu for a worker of the queue `gpu` of which some slot would fail every run that wants a GPU."""
    if Queue.GPU.value not in queues:
        return
    try:
        found = len(discovery.gpus())
    except GpuError as problem:
        raise NoGpu(f"The GPUs of this machine cannot be listed: {problem}.", "Run `nvidia-smi` here.") from None
    if slots <= found:
        return
    has = f"has {found}" if found else "has none that may be used"
    fix = "Take the queue `cpu` alone: `--queues cpu`" if not found else f"Start it with `--concurrency {found}`"
    if found and len(queues) > 1:
        fix = f"Start two workers: one with `--queues gpu --concurrency {found}`, one with `--queues cpu`"
    raise NoGpu(
        f"This worker takes the queue `gpu` with {slots} slot{'s' if slots != 1 else ''}, each of which holds an "
        f"NVIDIA GPU, and this machine {has}.",
        fix + " (see CUDA_VISIBLE_DEVICES).",
    )
