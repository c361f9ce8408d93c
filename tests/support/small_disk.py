"""A small disk that a test fills up and makes room on: a tmpfs in a mount namespace of its own, which needs no root.

Only processes started through it see what is on it, so it also copies there and lists.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from worker.sandbox.bubblewrap import find_bubblewrap

ROOT = Path(__file__).resolve().parents[2]
FILLER = "filler"


class SmallDisk:
    """Mounted at `folder`, which is to be an empty one."""

    def __init__(self, folder: Path, size_mib: int) -> None:
        command = [str(find_bubblewrap().path), "--unshare-user-try", "--die-with-parent", "--dev-bind", "/", "/"]
        command += ["--size", str(size_mib * 2**20), "--tmpfs", str(folder)]
        command += [sys.executable, "-m", "tests.support.small_disk", str(folder)]
        self._inside = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    def copy(self, folder: Path) -> None:
        """All that is in `folder`, to the top of the disk."""
        self._do("copy", folder=str(folder))

    def start(self, command: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        """Ended with the disk."""
        self._do("start", command=list(command), environ=dict(environ), log=str(log))

    def fill(self) -> None:
        """Until not a byte more can be written."""
        self._do("fill")

    def make_room(self) -> None:
        self._do("make_room")

    def files(self, folder: str) -> list[str]:
        """Below `folder`, a path from the top of the disk."""
        found: list[str] = self._do("files", folder=folder)
        return found

    def _do(self, what: str, **details: Any) -> Any:
        assert self._inside.stdin is not None
        assert self._inside.stdout is not None
        self._inside.stdin.write(json.dumps({"what": what, **details}) + "\n")
        self._inside.stdin.flush()
        return json.loads(self._inside.stdout.readline())

    def __enter__(self) -> SmallDisk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside.communicate(timeout=60)


class _Inside:
    def __init__(self, disk: Path) -> None:
        self._disk = disk
        self._children: list[subprocess.Popen[bytes]] = []

    def copy(self, folder: str) -> None:
        shutil.copytree(folder, self._disk, dirs_exist_ok=True)

    def start(self, command: list[str], environ: dict[str, str], log: str) -> None:
        with Path(log).open("wb") as out:
            self._children.append(subprocess.Popen(command, env={**os.environ, **environ}, stdout=out, stderr=out))

    def fill(self) -> None:
        # Byte by byte at the end, and without a buffer, which would be written once more when the file is closed.
        with (self._disk / FILLER).open("ab", buffering=0) as file:
            for size in (2**20, 2**12, 1):
                try:
                    while file.write(b"x" * size) == size:
                        pass
                except OSError:
                    continue

    def make_room(self) -> None:
        (self._disk / FILLER).unlink()

    def files(self, folder: str) -> list[str]:
        return sorted(str(path) for path in (self._disk / folder).rglob("*") if path.is_file())

    def end(self) -> None:
        for child in self._children:
            child.send_signal(signal.SIGQUIT)  # gunicorn and Celery wait for nothing then
        for child in self._children:
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _main(disk: Path) -> None:
    inside = _Inside(disk)
    try:
        for line in sys.stdin:
            order = json.loads(line)
            print(json.dumps(getattr(inside, order.pop("what"))(**order)), flush=True)
    finally:
        inside.end()


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
