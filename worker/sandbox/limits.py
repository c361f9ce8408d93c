"""The limits that a kernel sets on itself before any code of the student's runs."""

from __future__ import annotations

import os
import re
from pathlib import Path

from worker.contract import Limits

MIB = 1 << 20
ADDRESS_SPACE_MARGIN_MIB = 2048  # libraries and thread stacks are mapped, mostly never touched
OPEN_FILES = 1024
NPROC_PER_NAMESPACE = (5, 14)  # from this Linux on, RLIMIT_NPROC counts inside a user namespace alone


def kernel_resources(limits: Limits, *, jailed: bool) -> dict[str, int]:
    """RLIMIT name -> value. The memory limit proper is kept by the watcher and by cgroups; the address space
    limit turns one giant allocation into a MemoryError that the student can read."""
    resources = {
        "AS": (limits.memory_mib + ADDRESS_SPACE_MARGIN_MIB) * MIB,
        "FSIZE": limits.scratch_mib * MIB,
        "NOFILE": OPEN_FILES,
        "CORE": 0,
    }
    if jailed:
        resources["NPROC"] = limits.processes + (0 if linux_version() >= NPROC_PER_NAMESPACE else _processes_of_user())
    return resources


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
