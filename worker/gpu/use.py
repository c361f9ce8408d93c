"""The device of this process, and what is done with it around each job."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from worker.environments import Environment
from worker.gpu.asking import ObservedDriver
from worker.gpu.discovery import Driver, Gpu, GpuError
from worker.gpu.examination import DeviceSick, Examination, Idle
from worker.gpu.places import Places, Sharing
from worker.gpu.quarantine import Quarantine
from worker.sandbox.errors import SandboxUnavailable
from worker.sandbox.fonts import cache_folder
from worker.sandbox.undertaker import UNDERTAKER
from worker.sandbox.warm.pool import POOLS
from worker.settings import gpu_ahead, gpu_slot_mib

log = logging.getLogger(__name__)

DEFAULT_MEMORY_MIB = 2048  # of an assignment that does not say how much of a GPU it needs
SHARE_S = 900.0  # so long a job waits for its share of a device that others use


class NoGpu(SandboxUnavailable):
    """Ours, never the student's: the run is repeated, on a machine that has a GPU to spare."""


class DeviceUse:
    """One process's use of one device at a time. It keeps the device while that is well, and looks for another else."""

    def __init__(self, driver: Driver, folder: Path, sharing: Sharing, examination: Examination) -> None:
        self._driver = driver
        self._examination = examination
        self._quarantine = Quarantine(folder)
        self._places = Places(folder, sharing)
        self._owner = 0
        self._lock = -1
        self._gpu: Gpu | None = None
        self._idle: Idle | None = None
        self._job = contextlib.ExitStack()
        self._unremoved = 0
        self._busy = False

    @property
    def gpu(self) -> Gpu | None:
        """The device that this process is bound to."""
        return self._gpu if self._owner == os.getpid() else None

    def begin(self, memory_mib: int = 0, wait_s: float = SHARE_S) -> Gpu:
        """A device that is well and has so much memory free, held until `finish`. Raises NoGpu."""
        self.finish()
        need_mib = memory_mib or DEFAULT_MEMORY_MIB
        for _ in range(len(self._found())):
            gpu = self.bound(need_mib)
            try:
                given_up = functools.partial(self._is_out, gpu)
                self._job.enter_context(self._places.take(gpu, need_mib, wait_s, given_up))
                state = self._examination.before(gpu, need_mib)
            except DeviceSick as sick:
                self._retire(gpu, str(sick))
                continue
            except TimeoutError as problem:
                raise NoGpu(f"{problem}.", "Start fewer slots there, or give each a larger share.") from None
            if self._idle is None or state.used_mib < self._idle.used_mib:  # a neighbour may have been at work before
                self._idle = Idle.of(state)
            self._unremoved = UNDERTAKER.unremoved
            self._busy = True
            return gpu
        raise NoGpu("Every GPU of this machine is out of service.", "See the administration page, or `grader doctor`.")

    def require_well(self) -> None:
        """Raises NoGpu if the device showed an error during the job: what was computed on it proves nothing."""
        if self._busy and self.gpu is not None and (trouble := self._examination.errors(self.gpu)):
            gpu = self.gpu
            self._retire(gpu, trouble)
            raise NoGpu(f"{gpu.name} ({gpu.uuid}) failed during the run: {trouble}.", "The run is repeated elsewhere.")

    def finish(self) -> None:
        """After a job: its kernel is waited for, and the device looked at. A second time does nothing."""
        if not self._busy or self._owner != os.getpid():
            return
        self._busy = False
        gpu, idle = self._gpu, self._idle
        try:
            if gpu is not None and idle is not None:
                self._left_clean(gpu, idle)
        except DeviceSick as sick:
            assert gpu is not None
            self._retire(gpu, str(sick))
        finally:
            self._job.close()

    def _left_clean(self, gpu: Gpu, idle: Idle) -> None:
        if not UNDERTAKER.wait() or UNDERTAKER.unremoved > self._unremoved:
            raise DeviceSick("a process of a kernel that was killed does not end")
        self._examination.after(gpu, idle, alone=self._places.alone(gpu))

    def bound(self, memory_mib: int = 0) -> Gpu:
        """The device that this process keeps, chosen now if there is none yet. Raises NoGpu."""
        gpu = self.gpu
        if gpu is None or self._is_out(gpu) or gpu.memory_mib < memory_mib:
            self._let_go()
            gpu = self._gpu = self._choose(memory_mib)
            self._owner = os.getpid()
        return gpu

    def _found(self) -> Sequence[Gpu]:
        try:
            found = self._driver.gpus()
        except GpuError as problem:
            raise NoGpu(f"The GPUs of this machine cannot be listed: {problem}.", "Run `nvidia-smi` there.") from None
        if not found:
            raise NoGpu(
                "This machine has no NVIDIA GPU that may be used.",
                "Start workers of the queue `gpu` where `nvidia-smi` lists one (see CUDA_VISIBLE_DEVICES).",
            )
        return found

    def _choose(self, memory_mib: int) -> Gpu:
        found = self._found()
        large = [gpu for gpu in found if gpu.memory_mib >= memory_mib]
        if not large:
            most = max(gpu.memory_mib for gpu in found)
            raise NoGpu(
                f"The assignment asks for {memory_mib} MiB of a GPU; the largest here has {most} MiB.",
                "Lower gpu_memory_mib in assignment.toml, or start a worker on a machine with a larger GPU.",
            )
        for gpu in large:
            if not self._is_out(gpu) and (lock := self._places.bind(gpu)) is not None:
                self._lock, self._idle = lock, None
                return gpu
        sick = [f"{gpu.uuid}: {ill.why}" for gpu in large if (ill := self._quarantine.of(gpu.uuid)) is not None]
        if sick:
            raise NoGpu(f"No GPU of this machine is free and well. Out of service: {'; '.join(sick)}.", "See there.")
        raise NoGpu(
            f"All {len(large)} GPUs of this machine are held by other processes of workers.",
            "Start workers of the queue `gpu` with `--concurrency` at most the number of GPUs.",
        )

    def _is_out(self, gpu: Gpu) -> bool:
        return self._quarantine.of(gpu.uuid) is not None

    def _retire(self, gpu: Gpu, why: str) -> None:
        sick = self._quarantine.put(gpu.uuid, why)
        log.error("%s (%s) is out of service, for the %s. time: %s", gpu.name, gpu.uuid, sick.times, why)
        self._let_go()

    def _let_go(self) -> None:
        """Of the device, with the parents and kernels that were made for it."""
        if self._gpu is not None and self._owner == os.getpid():
            POOLS.drop(self._gpu.uuid)
            self._job.close()
            if self._lock >= 0:
                os.close(self._lock)
        self._lock, self._gpu, self._idle, self._busy, self._job = -1, None, None, False, contextlib.ExitStack()

    def release(self) -> None:
        """At the end of the process, or of a test."""
        self.finish()
        self._let_go()


_USES: list[DeviceUse] = []


def device_use() -> DeviceUse:
    """This process's own, made when it is first needed."""
    if not _USES:
        driver = ObservedDriver()
        examination = Examination(driver, waiting_kernels)
        _USES.append(DeviceUse(driver, device_folder(), Sharing(gpu_slot_mib()), examination))
    return _USES[0]


def device_folder() -> Path:
    """Where the processes of all workers of this machine and user tell each other of devices."""
    return cache_folder() / "gpu"


def waiting_kernels() -> Collection[int]:
    """Processes that may hold some of a device's memory between jobs."""
    if not gpu_ahead():
        return []
    return [spare.pid for spare in POOLS.spares_with_gpu()]


def environment_for(environment: Environment, device: str, memory_mib: int = 0) -> Environment:
    """The environment, with a GPU held for the job where `device` wants one. Raises NoGpu.

    "gpu-or-cpu" is said where nobody chose before: it takes a GPU where one is free, and does without else."""
    if device == "cpu":
        return environment
    try:
        return replace(environment, gpu=device_use().begin(memory_mib))
    except NoGpu:
        if device == "gpu-or-cpu":
            return environment
        raise


def require_well_device() -> None:
    """Raises NoGpu if the device of the job in hand showed an error; without a device there is nothing to ask."""
    for use in _USES:
        use.require_well()


def finish_job() -> None:
    """Once the result is sent: looks at what the job left on its device, if it had one."""
    for use in _USES:
        use.finish()
