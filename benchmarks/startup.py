"""Cold and warm start of `make run`: from the command to an answering /healthz.

    .venv/bin/python -m benchmarks.startup [--cold]

Without --cold only this checkout's second start is measured. With --cold a fresh clone of HEAD is made in a
temporary folder with no environment at all; it downloads what the lock files name.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.machine import machine

ROOT = Path(__file__).resolve().parent.parent
URL = "http://127.0.0.1:8000/healthz"


def start(folder: Path, home: str) -> float:
    """Seconds until /healthz answers; the service is stopped again."""
    began = time.perf_counter()
    child = subprocess.Popen(
        ["make", "run"],
        cwd=folder,
        env={**os.environ, "GRADER_HOME": home},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        while child.poll() is None:
            try:
                if httpx.get(URL, timeout=1).status_code == 200:
                    return time.perf_counter() - began
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        sys.exit(f"make run ended with {child.returncode}")
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGINT)
            child.wait(timeout=60)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cold", action="store_true")
    chosen = parser.parse_args()
    print(f"# make run\n{machine()}")
    with tempfile.TemporaryDirectory(prefix="grader-start-") as scratch:
        if chosen.cold:
            clone = Path(scratch, "clone")
            subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
            print(f"cold: fresh clone, no environments   {start(clone, scratch + '/cold'):.1f} s")
            print(f"warm: the same clone again           {start(clone, scratch + '/cold'):.1f} s")
        else:
            start(ROOT, scratch + "/warm")
            print(f"warm: second start, same data        {start(ROOT, scratch + '/warm'):.1f} s")


if __name__ == "__main__":
    main()
