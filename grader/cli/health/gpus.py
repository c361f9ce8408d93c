"""The GPUs of this machine, as NVIDIA's driver tells of them, and those that workers took out of service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.cli.health.finding import NOTE, RIGHT, WRONG, Finding

if TYPE_CHECKING:
    from worker.gpu.discovery import Driver, Gpu
    from worker.gpu.places import Sharing
    from worker.gpu.quarantine import Quarantine

RESET = "Look at `nvidia-smi -q`; a reset (`nvidia-smi --gpu-reset`) or a restart of the machine ends most errors."


def findings() -> list[Finding]:
    from worker.gpu.asking import ObservedDriver
    from worker.gpu.places import Sharing
    from worker.gpu.quarantine import Quarantine
    from worker.gpu.use import device_folder
    from worker.settings import gpu_slot_mib

    driver = ObservedDriver()
    try:
        return examined(driver, Sharing(gpu_slot_mib()), Quarantine(device_folder()))
    finally:
        driver.close()


def examined(driver: Driver, sharing: Sharing, quarantine: Quarantine) -> list[Finding]:
    from worker.gpu.discovery import GpuError

    try:
        found = driver.gpus()
    except GpuError as problem:
        fix = "Only for assignments that need a GPU: see what `nvidia-smi` says."
        return [Finding("gpus", "driver", NOTE, str(problem), fix)]  # a machine for the queue `cpu` is well
    if not found:
        detail = "none that may be used (NVIDIA's driver, CUDA_VISIBLE_DEVICES)"
        return [Finding("gpus", "devices", NOTE, detail, "Only for assignments that need one.")]
    return [_device(driver, gpu, sharing, quarantine) for gpu in found]


def _device(driver: Driver, gpu: Gpu, sharing: Sharing, quarantine: Quarantine) -> Finding:
    from worker.gpu.discovery import GpuError

    name = f"{gpu.name} ({gpu.uuid})"
    try:
        state = driver.state(gpu)
    except GpuError as problem:
        return Finding("gpus", name, WRONG, str(problem), RESET)
    if state.errors:
        return Finding("gpus", name, WRONG, "; ".join(state.errors), RESET)
    missing = [str(node) for node in gpu.nodes[:1] if not node.exists()]
    if missing:
        return Finding("gpus", name, WRONG, f"{missing[0]} is not there", "Load the driver: `nvidia-modprobe -u -c=0`.")
    slots = sharing.slots(gpu)
    detail = f"{state.free_mib} of {state.memory_mib} MiB free, {slots} slot{'s' if slots > 1 else ''}"
    detail += f", {len(state.processes)} processes on it" if state.processes else ""
    ill = quarantine.of(gpu.uuid)
    if ill is not None:
        detail = f"workers took it out of service: {ill.why} ({detail})"
        return Finding("gpus", name, WRONG, detail, f"It is tested again from time to time. {RESET}")
    return Finding("gpus", name, RIGHT, detail)
