"""A slot that waits for jobs holds nothing of what a large one took."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LARGE = """
import sys
from pathlib import Path
from worker.memory import give_back_freed_memory

def held_mib():
    text = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("RssAnon:")) >> 10

give_back_freed_memory()
before = held_mib()
first = bytearray(b"x" * (30 << 20))  # from here on the C library would keep as much
del first
second = bytearray(b"x" * (28 << 20))
most = held_mib()
del second
print(before, most, held_mib())
"""


def test_memory_of_a_large_submission_goes_back_to_the_system() -> None:
    line = [sys.executable, "-c", LARGE]
    printed = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout
    before, most, after = map(int, printed.split())
    assert most > before + 20, "nothing large was held"
    assert after < before + 10
