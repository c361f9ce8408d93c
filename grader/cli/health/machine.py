"""Python, processors, memory and disk."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

from grader.cli.health.finding import NOTE, RIGHT, WRONG, Finding

OLDEST = (3, 11)
LEAST_DISK_GIB, LEAST_MEMORY_GIB = 1.0, 2.0
GIB = 1024**3


def findings(home: Path) -> list[Finding]:
    return [_python(), _memory(), _disk(home)]


def _python() -> Finding:
    text = f"Python {platform.python_version()} at {sys.executable}"
    if sys.version_info[:2] >= OLDEST:
        return Finding("machine", "Python", RIGHT, text)
    return Finding("machine", "Python", WRONG, text, "Install Python 3.11 or newer and run `make setup`.")


def _memory() -> Finding:
    import psutil

    free, total = (x / GIB for x in (psutil.virtual_memory().available, psutil.virtual_memory().total))
    text = f"{os.cpu_count()} cores; {free:.1f} of {total:.1f} GiB of memory available"
    if free >= LEAST_MEMORY_GIB:
        return Finding("machine", "memory", RIGHT, text)
    fix = "A running notebook may use 2 GiB (assignment.toml, limits.memory_mib): free some, or run fewer at a time."
    return Finding("machine", "memory", NOTE, text, fix)


def _disk(home: Path) -> Finding:
    existing = next(p for p in (home, *home.parents) if p.exists())
    free = shutil.disk_usage(existing).free / GIB
    text = f"{free:.1f} GiB free for {home}"
    if not os.access(existing, os.W_OK):
        return Finding("machine", "disk", WRONG, f"{existing} cannot be written to", "Name another with GRADER_HOME.")
    if free >= LEAST_DISK_GIB:
        return Finding("machine", "disk", RIGHT, text)
    return Finding("machine", "disk", WRONG, text, "Free some space, or name another folder with GRADER_HOME.")
