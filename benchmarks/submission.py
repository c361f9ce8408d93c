"""Seconds per submission through `grader grade`: one file, and twenty files.

    .venv/bin/python -m benchmarks.submission [--assignment SLUG] [--repeat 5] [--files 20] [--jobs N]

Whole-process times of the real command, and the split that it reports: the student's own computing (cells and
calls of the student's functions) and everything else.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import machine, spread

ROOT = Path(__file__).resolve().parent.parent
GRADER = ROOT / ".venv/bin/grader"


def run(files: list[Path], slug: str, jobs: int) -> tuple[float, list[dict[str, object]]]:
    command = [str(GRADER), "grade", *map(str, files), "--assignment", slug, "--json", "--jobs", str(jobs)]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall_s = time.perf_counter() - began
    if done.returncode != 0:
        sys.exit(f"grading failed ({done.returncode}):\n{done.stdout}\n{done.stderr}")
    return wall_s, [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--assignment", default="coursework-4-hyperspheres")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    chosen = parser.parse_args()
    solution = ROOT / "assignments" / chosen.assignment / "solution.ipynb"
    print(f"# {chosen.assignment}, solved notebook\n{machine()}")

    walls, reports = [], []
    run([solution], chosen.assignment, 1)
    for _ in range(chosen.repeat):
        wall_s, lines = run([solution], chosen.assignment, 1)
        walls.append(wall_s)
        reports.extend(lines)
    print(f"one file, whole command      {spread(walls)}")
    for part in ("total", "execute", "overhead"):
        print(f"  reported {part:<19} {spread([r['seconds'][part] for r in reports])}")  # type: ignore[index]

    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder) / f"{n:02}.ipynb" for n in range(chosen.files)]
        for copy in copies:
            shutil.copy(solution, copy)
        wall_s, lines = run(copies, chosen.assignment, chosen.jobs)
    print(f"{chosen.files} files, --jobs {chosen.jobs}          {wall_s:.3f} s, {wall_s / chosen.files:.3f} s each")
    for part in ("total", "execute", "overhead"):
        values = [line["seconds"][part] for line in lines]  # type: ignore[index]
        print(f"  reported {part:<19} {statistics.median(values):.3f} s (median)")
    scores = {(line["score"], line["max_score"], line["status"]) for line in (*reports, *lines)}
    print(f"scores: {scores}")


if __name__ == "__main__":
    main()
