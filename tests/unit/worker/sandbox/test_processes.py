"""How the processes of a jail are read, where they end in the middle of it."""

from __future__ import annotations

import os
from pathlib import Path

from worker.sandbox.processes import ProcessTable


class TableOf(ProcessTable):
    """Of a folder that looks as /proc does; what it lists is in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def _listed(self, path: str) -> list[str]:
        return sorted(super()._listed(path))


def test_a_thread_that_ends_while_it_is_looked_at_hides_none_of_the_others(tmp_path: Path) -> None:
    process = tmp_path / "7"
    for thread in ("7", "8", "9"):
        (process / "task" / thread).mkdir(parents=True)
    (process / "stat").write_text("7 (x) Z " + "0 " * 40)
    for dead in (process, process / "task" / "7"):  # the first thread has ended, and "8" just now
        (dead / "status").write_text("Name:\tx\n")
    (process / "task" / "9" / "status").write_text("Name:\tx\nRssAnon:\t2048 kB\nRssShmem:\t1024 kB\n")
    table = TableOf(tmp_path)
    sample = table.sample()
    table.close()
    assert (sample.memory_mib, sample.processes) == (3.0, 1)
