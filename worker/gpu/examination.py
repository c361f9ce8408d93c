"""Looks at a device before and after a job: errors, processes that were left, memory that was not given back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from worker.gpu import processes
from worker.gpu.discovery import Driver, Gpu, GpuError, State

LOOK_S = 0.2
PATIENCE_S = 30.0  # so long the driver may take to give back what a killed process had
MARGIN_MIB = 64  # used memory differs by that much without a reason of ours
CONTEXT_MIB = 1024  # what CUDA takes in a kernel before its first tensor, where the driver does not tell


class DeviceSick(Exception):
    """The device is to be taken out of service. The text is for staff."""


@dataclass(frozen=True)
class Idle:
    """The device before any kernel of this process had it: what it goes back to."""

    used_mib: int
    pids: frozenset[int]

    @classmethod
    def of(cls, state: State) -> Idle:
        return cls(state.used_mib, frozenset(process.pid for process in state.processes))


class Examination:
    """`spared` are processes of ours that may be on the device between jobs: kernels that wait for one."""

    def __init__(
        self, driver: Driver, spared: Callable[[], Collection[int]] = tuple, patience_s: float = PATIENCE_S
    ) -> None:
        self._driver = driver
        self._spared = spared
        self._patience_s = patience_s

    def before(self, gpu: Gpu, need_mib: int) -> State:
        """Ends what is left of ours, and waits until the memory is there. Raises DeviceSick."""

        def problem(state: State) -> str:
            if state.free_mib >= need_mib:
                return ""
            holders = ", ".join(str(process.pid) for process in state.processes) or "unknown to the driver"
            return f"only {state.free_mib} MiB of {need_mib} MiB are free; processes on it: {holders}"

        return self._until_well(gpu, problem)

    def after(self, gpu: Gpu, idle: Idle, *, alone: bool) -> State:
        """Nothing of the job may be left. `alone`: no other job has a share of the device, so that all that is used
        is ours. Raises DeviceSick."""

        def problem(state: State) -> str:
            left_mib = _not_given_back(state, idle, self._spared())
            return f"{left_mib} MiB were not given back by a kernel that has ended" if alone and left_mib > 0 else ""

        return self._until_well(gpu, problem)

    def errors(self, gpu: Gpu) -> str:
        """What a result that was just computed there cannot be trusted for; "" where all is well."""
        try:
            return "; ".join(self._driver.state(gpu).errors)
        except GpuError as trouble:
            return str(trouble)

    def _until_well(self, gpu: Gpu, problem: Callable[[State], str]) -> State:
        deadline = time.monotonic() + self._patience_s
        while True:
            state = self._state(gpu)
            if state.errors:
                raise DeviceSick("; ".join(state.errors))
            left = processes.ours(state.processes, os.getpid(), self._spared())
            for process in left:
                processes.end(process, os.getpid())
            told = problem(state)
            if left:
                told = f"processes of ended kernels do not die: {', '.join(str(process.pid) for process in left)}"
            if not told:
                return state
            if time.monotonic() >= deadline:
                raise DeviceSick(told)
            time.sleep(LOOK_S)

    def _state(self, gpu: Gpu) -> State:
        try:
            return self._driver.state(gpu)
        except GpuError as trouble:
            raise DeviceSick(str(trouble)) from None


def _not_given_back(state: State, idle: Idle, spared: Collection[int]) -> int:
    """MiB above what was used before. 0 where somebody else came to use the device: it cannot be told then."""
    waiting = [process for process in state.processes if processes.descends_from_any(process.pid, spared)]
    known = idle.pids | {process.pid for process in waiting}
    if any(process.pid not in known for process in state.processes):
        return 0
    if waiting or state.processes:
        held_mib = sum(CONTEXT_MIB if process.used_mib is None else process.used_mib for process in waiting)
    else:  # in a container the driver may list nobody
        held_mib = CONTEXT_MIB * len(spared)
    return max(0, state.used_mib - idle.used_mib - held_mib - MARGIN_MIB)
