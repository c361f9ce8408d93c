"""How long runs take, for simulations: measured by grading the solutions of packages, kept in a file.

    .venv/bin/python -m benchmarks.run_times [--repeat 3] [--output FILE] [SLUG …]

Each solution is graded through `grader grade`; the file holds the seconds that the command reports for each run.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.submission import ROOT, run

FILE = Path(__file__).with_name("run_times.json")
SLUGS = ("loss-1-regression", "gradients-2-backprop", "coursework-4-hyperspheres", "fashion-mnist-mlp")


@dataclass(frozen=True)
class RunTimes:
    """`seconds`: of each assignment's measured runs."""

    machine: str
    seconds: dict[str, list[float]]

    @classmethod
    def read(cls, path: Path = FILE) -> RunTimes:
        return cls(**json.loads(path.read_text()))


def measure(slugs: list[str], repeat: int) -> RunTimes:
    seconds: dict[str, list[float]] = {}
    for slug in slugs:
        solution = ROOT / "assignments" / slug / "solution.ipynb"
        _, reports = run([solution] * repeat, slug, 1)
        seconds[slug] = [report["seconds"]["total"] for report in reports]  # type: ignore[index]
        print(f"{slug:28} {', '.join(f'{value:.2f}' for value in seconds[slug])} s")
    return RunTimes(machine(), seconds)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("slugs", nargs="*", default=list(SLUGS))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--output", type=Path, default=FILE)
    chosen = parser.parse_args()
    found = measure(chosen.slugs, chosen.repeat)
    chosen.output.write_text(json.dumps(asdict(found), indent=1) + "\n")
    print(f"written to {chosen.output}")


if __name__ == "__main__":
    main()
