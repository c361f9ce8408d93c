"""The processes of one jail, seen from outside: how much memory and computing time they use."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sample:
    memory_mib: float  # memory in use, mapped files not counted; what processes share counts for each of them
    cpu_s: float
    processes: int


class ProcessTable:
    """Reads the jail's own /proc, which lists the jail's processes and no others.

    It is opened while only trusted code runs in the jail; the descriptor stays good whatever the student's
    processes do to themselves afterwards.
    """

    lonely = 2  # so many share next to nothing: the kernel, and the jail's process 1
    inherits = False  # whether much of their memory is shared with a process elsewhere

    def __init__(self, pid: int) -> None:
        self._folder = os.open(f"/proc/{pid}/root/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        os.close(self._folder)

    def sample(self) -> Sample:
        memory_kib, ticks, count = 0, 0, 0
        for name in self._pids():
            try:
                memory_kib += self._resident_kib(name)
                ticks += _cpu_ticks(self._read(f"{name}/stat"))
            except (OSError, ValueError, IndexError):
                continue  # it ended while we were looking
            count += 1
        return Sample(memory_kib / 1024, ticks / TICKS_PER_S, count)

    def exact_memory_mib(self) -> float:
        """The same, with what processes share after a fork counted once. Slower: the system walks their pages."""
        memory_kib = 0
        for name in self._pids():
            with contextlib.suppress(OSError, ValueError):
                try:
                    memory_kib += self._sum_kib(name, "smaps_rollup", (b"Pss_Anon:", b"Pss_Shmem:"))
                except PermissionError:  # a process may hide its pages; then all of them count
                    memory_kib += self._resident_kib(name)
        return memory_kib / 1024

    def sockets(self) -> int:
        """How many there are in the jail's network, also those that no process has open because they are on their way
        to one."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int(self._read("1/net/sockstat").split()[2])  # "sockets: used 7"
        return 0

    def _pids(self) -> list[str]:
        return [name for name in self._listed(".") if name.isdigit()]

    def _listed(self, path: str) -> list[str]:
        # a fresh descriptor: listing shares the position of the one that it is given
        with contextlib.suppress(OSError):
            folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._folder)
            try:
                return os.listdir(folder)
            finally:
                os.close(folder)
        return []

    def _resident_kib(self, name: str) -> int:
        return self._sum_kib(name, "status", (b"RssAnon:", b"RssShmem:"))

    def _sum_kib(self, name: str, file: str, fields: tuple[bytes, ...]) -> int:
        for teller in self._tellers(name):
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):  # a thread that ended meanwhile
                # what else ends a line in Python may stand in the name that a process gives itself
                lines = [line for line in self._read(f"{teller}/{file}").split(b"\n") if line.startswith(fields)]
                if lines:
                    return sum(int(line.split()[1]) for line in lines)
        return 0

    def _tellers(self, name: str) -> Iterator[str]:
        """The process; and if that says nothing of its memory because its first thread has ended, the others."""
        yield name
        for thread in self._listed(f"{name}/task"):
            yield f"{name}/task/{thread}"

    def _read(self, path: str) -> bytes:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._folder)
        try:
            return os.read(descriptor, 8192)
        finally:
            os.close(descriptor)


class ForkedTable(ProcessTable):
    """For kernels forked from a warm parent, which all share the memory that it had.

    Of a kernel alone, only what came on top is counted. Its own copies of what it inherited are missing then, and
    are found when somebody looks exactly.
    """

    lonely = 1
    inherits = True

    def __init__(self, pid: int) -> None:
        super().__init__(pid)
        self._inherited_mib = 0.0
        self._inherited_mib = self.sample().memory_mib

    def sample(self) -> Sample:
        found = super().sample()
        own_mib = found.memory_mib - (self._inherited_mib if found.processes <= self.lonely else 0.0)
        with contextlib.suppress(OSError, ValueError, IndexError):  # what was nobody's child any more, it has buried
            buried_s = _cpu_ticks(self._read("1/stat")) / TICKS_PER_S
            return Sample(max(0.0, own_mib), found.cpu_s + buried_s, found.processes)
        return Sample(max(0.0, own_mib), found.cpu_s, found.processes)

    def _pids(self) -> list[str]:
        return [name for name in super()._pids() if name != "1"]  # the jailer, which is ours and uses nothing


class FamilyTable(ProcessTable):
    """For kernels without a jail: the process and its descendants."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._folder = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def sockets(self) -> int:
        """None that could be told from those of the machine."""
        return 0

    def _pids(self) -> list[str]:
        found, waiting = [], [str(self._pid)]
        while waiting:
            name = waiting.pop()
            found.append(name)
            with contextlib.suppress(OSError):
                for task in os.listdir(f"/proc/{name}/task"):
                    waiting += self._read(f"{name}/task/{task}/children").decode().split()
        return found


def _cpu_ticks(stat: bytes) -> int:
    """Its own ticks and those of the children that it has waited for."""
    fields = stat[stat.rindex(b")") + 2 :].split()
    return sum(int(field) for field in fields[11:15])
