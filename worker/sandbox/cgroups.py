"""Control groups, where the worker may make them: the kernel's own limits on memory and processes.

They are a second line. Ordinary users usually have none; then the watcher and the rlimits stand alone.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from worker.contract import Limits
from worker.sandbox.bubblewrap import shared_memory_mib
from worker.sandbox.cgroup_places import Hierarchy, hierarchies
from worker.sandbox.errors import KernelStartError
from worker.sandbox.limits import MIB

REMOVE_S = 2.0


class Cgroup:
    """The groups of one kernel: one folder per hierarchy. They may get their limits later than their processes."""

    def __init__(self, name: str, limits: Limits | None = None) -> None:
        self._folders: list[Path] = []
        try:
            for hierarchy in hierarchies():
                folder = hierarchy.folder / name
                folder.mkdir()
                self._folders.append(folder)
        except OSError:
            self.remove()
            raise
        if limits is not None:
            self.limit(limits)

    def limit(self, limits: Limits) -> None:
        for hierarchy, folder in zip(hierarchies(), self._folders, strict=True):
            for file, value in _settings(hierarchy, limits).items():
                with contextlib.suppress(OSError):  # swap accounting, say, may be switched off
                    (folder / file).write_text(value)

    def add(self, pid: int) -> None:
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def memory_mib(self) -> float | None:
        """Memory of its own, without files and without what its processes inherited; None where nobody counts it."""
        for folder in self._folders:
            with contextlib.suppress(OSError, ValueError):
                lines = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
                own = lines.get("anon") or lines.get("total_rss")  # version 2, version 1
                if own is not None:
                    return int(own) / MIB
        return None

    def killed_for_memory(self) -> bool:
        for folder in self._folders:
            for file in ("memory.oom_control", "memory.events"):
                with contextlib.suppress(OSError):
                    if any(_count(line) for line in (folder / file).read_text().splitlines()):
                        return True
        return False

    def remove(self) -> None:
        """Once no process is left. The system may need a moment to notice that."""
        deadline = time.monotonic() + REMOVE_S
        for folder in self._folders:
            while time.monotonic() < deadline:
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.002)
        self._folders = []


def group_of(pid: int, limits: Limits | None = None) -> Cgroup:
    """A new group with this process in it, which takes the system a while. Raises KernelStartError."""
    group = Cgroup(f"grader-{os.getpid()}-{uuid.uuid4().hex[:12]}", limits)
    try:
        group.add(pid)
    except OSError as problem:
        group.remove()
        raise KernelStartError(f"The kernel could not be put into its control group: {problem}") from None
    return group


def _count(line: str) -> int:
    name, _, value = line.partition(" ")
    return int(value) if name == "oom_kill" and value.isdigit() else 0


def _settings(hierarchy: Hierarchy, limits: Limits) -> Mapping[str, str]:
    # the scratch file systems are memory too, and have limits of their own
    most = str((limits.memory_mib + limits.scratch_mib + shared_memory_mib(limits)) * MIB)
    processes = str(limits.processes)
    if hierarchy.version == 2:
        return {"memory.max": most, "memory.swap.max": "0", "memory.oom.group": "1", "pids.max": processes}
    if hierarchy.controller == "memory":
        return {"memory.limit_in_bytes": most, "memory.memsw.limit_in_bytes": most, "memory.swappiness": "0"}
    return {"pids.max": processes} if hierarchy.controller == "pids" else {}
