"""Ends a jail whose processes together use more memory than they may, or more files or sockets than are sane."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from worker.sandbox.processes import ProcessTable, Sample

INTERVAL_S = 0.05
UNLIKELY_MIB = 1.0  # every kernel uses more
EXACT_EVERY = 20  # looks, where a quick look may miss something


@dataclass(frozen=True)
class Bounds:
    memory_mib: int
    cpu_s: int
    files: int  # an empty one costs the machine about 1 KiB that no other limit counts
    sockets: int  # what waits in one, up to 208 KiB, is counted as no process's memory


class Watcher:
    """A thread of its own, so that a busy worker never delays it."""

    def __init__(
        self,
        table: ProcessTable,
        bounds: Bounds,
        scratch: Sequence[int],
        kill: Callable[[str], None],
        counted_mib: Callable[[], float | None] = lambda: None,
    ) -> None:
        """`scratch`: a descriptor on each file system of the jail that can be written to. `kill` gets a sentence for
        the student. `counted_mib`: the memory of the jail alone as somebody else counts it, for the record; None if
        nobody does."""
        self.peak_memory_mib = 0.0
        self.cpu_seconds = 0.0
        self._rough_peak_mib = 0.0
        self._looks = 0
        self._table = table
        self._bounds = bounds
        self._counted_mib = counted_mib
        self._scratch = scratch
        self._kill = kill
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory-watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> None:
        sample, bounds = self._table.sample(), self._bounds
        self.cpu_seconds = max(self.cpu_seconds, sample.cpu_s)
        memory_mib = self._memory_of(sample)
        self.peak_memory_mib = max(self.peak_memory_mib, memory_mib, self._counted_mib() or 0.0)
        if memory_mib > bounds.memory_mib:
            self._kill(f"out of memory: used {memory_mib:.0f} MiB of {bounds.memory_mib} MiB")
        elif self.cpu_seconds > bounds.cpu_s:
            self._kill(f"used more than {bounds.cpu_s} s of computing time, on all processors together")
        elif self._files() > bounds.files:
            self._kill(f"wrote more than {bounds.files} files")
        elif self._table.sockets() > bounds.sockets:
            self._kill(f"had more than {bounds.sockets} sockets")

    def _files(self) -> int:
        found = [os.fstatvfs(descriptor) for descriptor in self._scratch]
        return sum(info.f_files - info.f_ffree for info in found)

    def last_look(self) -> None:
        """Just before the end: what was used must be known even if it was all over between two looks."""
        self.look()
        if self._table.inherits and self.peak_memory_mib < UNLIKELY_MIB:  # nobody counted, or not yet
            self.peak_memory_mib = max(self.peak_memory_mib, self._table.exact_memory_mib())

    def _memory_of(self, sample: Sample) -> float:
        """Exact where it matters: when there are several processes, and the rough figure is a new highest."""
        self._looks += 1
        if self._table.inherits and self._looks % EXACT_EVERY == 0:
            return self._table.exact_memory_mib()
        if sample.memory_mib <= min(self._rough_peak_mib, self._bounds.memory_mib):
            return 0.0
        self._rough_peak_mib = max(self._rough_peak_mib, sample.memory_mib)
        return sample.memory_mib if sample.processes <= self._table.lonely else self._table.exact_memory_mib()

    def _run(self) -> None:
        while not self._stopping.wait(INTERVAL_S):
            self.look()
