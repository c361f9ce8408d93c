"""A kernel's session gives way to others as its processes do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import worker.sandbox

INSIDE = Path(worker.sandbox.__file__).parent / "inside"
CODE = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
import child
os.setsid()
os.nice(5)
for _ in range(50):  # without privileges, Linux refuses it a tenth of a second after anybody's change
    child.give_way()
    told = open("/proc/self/autogroup").read().split()[-1]
    if told != "0": break
    time.sleep(0.2)
print(os.nice(0), told)
"""


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this Linux does not group sessions")
def test_a_new_session_is_as_nice_as_its_process() -> None:
    done = subprocess.run([sys.executable, "-c", CODE, str(INSIDE)], capture_output=True, text=True, timeout=60)
    nice, told = done.stdout.split()
    assert told == nice != "0", done.stderr
