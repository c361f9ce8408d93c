"""What this process holds of the machine: processes, mounts, control groups, descriptors, files, memory."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass, fields
from pathlib import Path

import psutil

from worker.sandbox.cgroup_places import hierarchies
from worker.sandbox.warm.pool import Pool

# what may come on top: a descriptor of a library's, memory that is not yet used up
ALLOWED = {"descriptors": 4, "threads": 2, "worker_mib": 64, "children_mib": 48, "parent_mib": 16}


@dataclass(frozen=True)
class Leftovers:
    processes: int
    mounts: int
    control_groups: int
    descriptors: int
    threads: int
    files: int  # in the temporary folder: sockets, working folders
    worker_mib: int
    parent_mib: int  # of the warm parent
    children_mib: int  # of everything that this process started, shared memory counted once

    def left_since(self, before: Leftovers) -> list[str]:
        return [
            f"{name.replace('_', ' ')}: {getattr(before, name)} before, {getattr(self, name)} now"
            for name in _names()
            if getattr(self, name) > getattr(before, name) + ALLOWED.get(name, 0)
        ]

    def table(self, before: Leftovers) -> str:
        rows = [f"| {n.replace('_', ' ')} | {getattr(before, n)} | {getattr(self, n)} |" for n in _names()]
        return "\n".join(["| | before | after |", "|---|---|---|", *rows])


def look(folder: Path, pool: Pool) -> Leftovers:
    """`folder`: where this process puts its temporary files."""
    gc.collect()
    me = psutil.Process()
    family = me.children(recursive=True)
    groups = [path for h in hierarchies() for path in h.folder.glob(f"grader-{os.getpid()}-*")]
    return Leftovers(
        processes=len(family),
        mounts=len(Path("/proc/self/mountinfo").read_text().splitlines()),
        control_groups=len(groups),
        descriptors=len(os.listdir("/proc/self/fd")),
        threads=me.num_threads(),
        files=sum(1 for _ in folder.rglob("*")),
        worker_mib=me.memory_info().rss >> 20,
        parent_mib=0 if pool.parent is None else pool.parent.memory_kib() >> 10,
        children_mib=sum(_own_kib(child.pid) for child in family) >> 10,
    )


def _own_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:")))


def _names() -> list[str]:
    return [field.name for field in fields(Leftovers)]
