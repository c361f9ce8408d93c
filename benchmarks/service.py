"""Through the whole service: from upload to visible result, idle memory, memory per running kernel.

    .venv/bin/python -m benchmarks.service [--repeat 10]

Starts `grader up --demo` in a folder of its own on a free port, uploads the solved hypersphere notebook over the
API and asks for the submission every 10 ms until its result is there.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.machine import machine, private_mib, spread
from tests.support.running_service import ROOT, running_service

SLUG = "coursework-4-hyperspheres"
SLEEPER = b"""{"cells": [{"cell_type": "code", "execution_count": null, "id": "a", "metadata": {}, "outputs": [],
"source": "import numpy, time; time.sleep(6)"}], "metadata": {"kernelspec": {"name": "python3", "language": "python",
"display_name": "Python 3"}}, "nbformat": 4, "nbformat_minor": 5}"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeat", type=int, default=10)
    chosen = parser.parse_args()
    print(f"# whole service, solved {SLUG}\n{machine()}")
    solution = (ROOT / "assignments" / SLUG / "solution.ipynb").read_bytes()
    with running_service() as service:
        print(f"start of `grader up`, new database   {service.start_s:.2f} s")
        for _ in range(4):  # every slot has graded once and keeps its warm parent and a spare kernel
            service.wait(service.submit(SLUG, solution))
        time.sleep(10)
        idle = private_mib(service.supervisor)
        print(f"idle service, private memory         {idle:.0f} MiB")
        seconds, scores = [], set()
        for _ in range(chosen.repeat):
            began = time.perf_counter()
            state = service.wait(service.submit(SLUG, solution), every_s=0.01)
            seconds.append(time.perf_counter() - began)
            scores.add((state["status"], state["score"], state["max_score"]))
        print(f"upload to result visible             {spread(seconds)}")
        time.sleep(5)
        idle = private_mib(service.supervisor)
        waiting = service.submit(SLUG, SLEEPER)
        time.sleep(4)
        print(f"one running kernel with NumPy        {private_mib(service.supervisor) - idle:.0f} MiB more")
        service.wait(waiting)
        print(f"results: {scores}")


if __name__ == "__main__":
    main()
