"""The limits that a kernel sets on itself before any code of the student's runs."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

from worker.contract import Limits
from worker.sandbox.policy import current_policy

MIB = 1 << 20
WATCHER_FIRST_S = 5  # the watcher says why a kernel ends, and a resource limit does not
NPROC_PER_NAMESPACE = (5, 14)  # from this Linux on, RLIMIT_NPROC counts inside a user namespace alone


def kernel_resources(limits: Limits, *, jailed: bool, gpu: bool = False) -> dict[str, int]:
    """RLIMIT name -> value. The memory limit proper is kept by the watcher and by cgroups; the address space
    limit turns one giant allocation into a MemoryError that the student can read. CUDA cannot live with that one:
    it maps the memory of the GPU and much more."""
    policy = current_policy().resources
    resources = {
        "AS": (limits.memory_mib + policy.address_space_margin_mib) * MIB,
        "FSIZE": limits.scratch_mib * MIB,
        "NOFILE": policy.open_files,
        "CORE": 0,
        "CPU": cpu_limit_s(limits) + WATCHER_FIRST_S,
        "SIGPENDING": policy.pending_signals,
        "MSGQUEUE": policy.queue_bytes,
        "MEMLOCK": policy.locked_kib << 10,
    }
    if gpu:
        del resources["AS"]
    if jailed:
        resources["NPROC"] = limits.processes + (0 if linux_version() >= NPROC_PER_NAMESPACE else _processes_of_user())
    return resources


def cpu_limit_s(limits: Limits) -> int:
    """Computing time of the whole notebook, on all processors together. Each process has a little more as a resource
    limit, for the case that nobody watches."""
    return math.ceil(limits.wall_s * current_policy().resources.processors)


def linux_version() -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _processes_of_user() -> int:
    """Threads that our user already has: before Linux 5.14 they all count."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                total += len(list((entry / "task").iterdir())) if entry.stat().st_uid == os.getuid() else 0
            except OSError:
                continue
    return total
