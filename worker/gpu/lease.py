"""Gives each process of a worker a GPU of its own, for as long as it lives."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from worker.environments import Environment
from worker.gpu.discovery import Discovery, Gpu, GpuError, NvidiaSmi
from worker.sandbox.errors import SandboxUnavailable
from worker.sandbox.fonts import cache_folder


class NoGpu(SandboxUnavailable):
    """Ours, never the student's: the run is repeated, on a machine that has a GPU to spare."""


class Lease:
    """One process's hold on one GPU. The lock goes with the process, however it ends."""

    def __init__(self, discovery: Discovery, folder: Path) -> None:
        self._discovery = discovery
        self._folder = folder
        self._owner = 0
        self._lock = -1
        self._gpu: Gpu | None = None

    def gpu(self) -> Gpu:
        """The same at each call. Raises NoGpu."""
        if self._gpu is None or self._owner != os.getpid():
            self._gpu = self._take()
            self._owner = os.getpid()
        return self._gpu

    def _take(self) -> Gpu:
        try:
            found = self._discovery.gpus()
        except GpuError as problem:
            raise NoGpu(f"The GPUs of this machine cannot be listed: {problem}.", "Run `nvidia-smi` there.") from None
        if not found:
            raise NoGpu(
                "This machine has no NVIDIA GPU that may be used.",
                "Start workers of the queue `gpu` where `nvidia-smi` lists one (see CUDA_VISIBLE_DEVICES).",
            )
        return self._first_free(found)

    def _first_free(self, found: Sequence[Gpu]) -> Gpu:
        self._folder.mkdir(parents=True, exist_ok=True)
        for gpu in found:
            lock = os.open(self._folder / f"{gpu.uuid}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            self._lock = lock
            return gpu
        raise NoGpu(
            f"All {len(found)} GPUs of this machine are held by other processes of workers.",
            "Start workers of the queue `gpu` with `--concurrency` at most the number of GPUs.",
        )

    def release(self) -> None:
        if self._lock >= 0 and self._owner == os.getpid():
            os.close(self._lock)
        self._lock, self._gpu = -1, None


_LEASE: list[Lease] = []


def environment_for(environment: Environment, device: str) -> Environment:
    """The environment, with this process's GPU where the assignment wants one (`device` = "gpu"). Raises NoGpu."""
    if device != "gpu":
        return environment
    if not _LEASE:
        _LEASE.append(Lease(NvidiaSmi(), cache_folder() / "gpu"))
    return replace(environment, gpu=_LEASE[0].gpu())
