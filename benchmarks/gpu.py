"""What grading on a GPU costs: run it on a machine that has one (`make setup GRADER_TORCH=gpu` first).

    .venv/bin/python -m benchmarks.gpu [--repeat 10] [--most 8]

1. Queue to result: the worker's own path for solved notebooks on digits-sized data, on the CPU and on the GPU.
2. Kernels at once on one device (--most): what each takes of its memory, and how long all of them need to begin.
3. What a hostile notebook leaves behind: memory of the device before, during and after. Must be none.
4. The first CUDA call of a kernel: started from nothing, forked from a warm parent, and with CUDA begun ahead.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from nbformat.v4 import new_code_cell

from assignments.gradable import load_gradable_package
from benchmarks.machine import machine, spread
from worker.contract import GradeStatus, Limits
from worker.environments import Environment, load_environments
from worker.gpu.asking import ObservedDriver
from worker.gpu.discovery import Gpu
from worker.gpu.examination import PATIENCE_S
from worker.kernels.session import NotebookSession, SessionSpec
from worker.pipeline.request import GradeRequest
from worker.pipeline.run import grade_sync
from worker.sandbox.undertaker import UNDERTAKER
from worker.sandbox.warm.pool import POOLS

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENTS = ("fashion-mnist-mlp", "mnist-networks")
LIMITS = Limits(wall_s=240, cell_s=120, memory_mib=16_384, scratch_mib=512)
FIRST_CALL = "import torch; torch.zeros(1, device='cuda').item()"
WORK = "import torch; a = torch.randn(2048, 2048, device='cuda'); (a @ a).sum().item()"
HOSTILE = """
import os, torch
held = []
try:
    while True:
        held.append(torch.ones(256 << 20, dtype=torch.uint8, device='cuda'))
except torch.cuda.OutOfMemoryError:
    pass
if os.fork() == 0:
    while True: pass
len(held)
"""


@contextmanager
def warm(environment: Environment, *, ahead: bool = False) -> Iterator[None]:
    os.environ["WORKER_GPU_AHEAD"] = "1" if ahead else "0"
    try:
        pool = POOLS.keep_warm(environment)
        if pool is None or not pool.wait(120, 1):
            sys.exit(f"no warm parent: {'nothing is preloaded' if pool is None else pool.trouble}")
        yield
    finally:
        POOLS.stop()
        os.environ.pop("WORKER_GPU_AHEAD")


async def run(session: NotebookSession, source: str) -> float:
    """Seconds; ends the program if the cell does not work."""
    cell = new_code_cell(source)
    began = time.perf_counter()
    summary = await session.run_cell(cell, 0)
    if summary.status != "ok":
        sys.exit(f"a cell did not work ({summary.status}): {summary.error}")
    return time.perf_counter() - began


def queue_to_result(environment: Environment, slug: str, repeat: int) -> str:
    package = load_gradable_package(ROOT / "assignments" / slug)
    solution = (ROOT / "assignments" / slug / "solution.ipynb").read_bytes()
    limits = Limits(**vars(package.metadata.limits))
    device = "cpu" if environment.gpu is None else "gpu"
    # The device is given already, and nobody else has it: what remains is the path of one job.
    request = GradeRequest(solution, package, environment, limits, device="cpu")
    times, scores = [], set()
    for _ in range(repeat + 1):
        began = time.perf_counter()
        grading = grade_sync(request, lambda *_, **__: None)
        times.append(time.perf_counter() - began)
        if grading.status is not GradeStatus.GRADED:
            sys.exit(f"{slug} was not graded on the {device}: {grading.staff_text}")
        scores.add(f"{grading.score:g}/{grading.max_score:g}")
    return f"{slug:20} {device}  {spread(times[1:])}  {', '.join(sorted(scores))}"


def first_calls(environment: Environment, repeat: int) -> list[float]:
    async def once() -> float:
        async with NotebookSession(SessionSpec(environment, LIMITS)) as session:
            return await run(session, FIRST_CALL)

    found = []
    for _ in range(repeat):
        found.append(asyncio.run(once()))
        UNDERTAKER.wait()
        pool = POOLS.find(environment)
        if pool is not None:
            pool.wait(60, 1)
    return found


def at_once(environment: Environment, gpu: Gpu, driver: ObservedDriver, most: int) -> str:
    async def scenario() -> tuple[int, float, float]:
        idle = driver.state(gpu)
        async with AsyncExitStack() as stack:
            sessions = [
                await stack.enter_async_context(NotebookSession(SessionSpec(environment, LIMITS))) for _ in range(most)
            ]
            began = time.perf_counter()
            await asyncio.gather(*(run(session, WORK) for session in sessions))
            seconds = time.perf_counter() - began
            return most, (driver.state(gpu).used_mib - idle.used_mib) / most, seconds

    count, each_mib, seconds = asyncio.run(scenario())
    return f"{count} kernels at once: {each_mib:.0f} MiB of the device each, first result of all after {seconds:.2f} s"


def left_behind(environment: Environment, gpu: Gpu, driver: ObservedDriver) -> str:
    async def scenario() -> int:
        async with NotebookSession(SessionSpec(environment, replace(LIMITS, wall_s=120))) as session:
            await run(session, HOSTILE)
            return driver.state(gpu).used_mib

    before = driver.state(gpu).used_mib
    during = asyncio.run(scenario())
    UNDERTAKER.wait()
    ended = time.perf_counter()
    while (after := driver.state(gpu).used_mib) > before and time.perf_counter() - ended < PATIENCE_S:
        time.sleep(0.05)
    returned_s = time.perf_counter() - ended
    return f"before {before} MiB, during {during} MiB, left behind {after - before} MiB after {returned_s:.2f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--most", type=int, default=8, help="kernels at once")
    options = parser.parse_args()
    driver = ObservedDriver()
    found = driver.gpus()
    if not found:
        sys.exit("There is no NVIDIA GPU here that may be used, so there is nothing to measure.")
    gpu, plain = found[0], load_environments(ROOT / "environments.toml")["course"]
    environment = replace(plain, gpu=gpu)
    print(f"{machine()}, {gpu.name} ({gpu.memory_mib} MiB)")

    print("\n1. queue to result, warm worker")
    for chosen in (plain, environment):
        with warm(chosen):
            for slug in ASSIGNMENTS:
                print(queue_to_result(chosen, slug, options.repeat))
    print("\n2. kernels on one device")
    with warm(environment):
        print(at_once(environment, gpu, driver, options.most))
        print("\n3. a hostile notebook")
        print(left_behind(environment, gpu, driver))
        print("\n4. the first CUDA call")
        print(f"forked from a warm parent    {spread(first_calls(environment, options.repeat))}")
    with warm(environment, ahead=True):
        print(f"the same, CUDA begun ahead   {spread(first_calls(environment, options.repeat))}")
    print(f"started from nothing         {spread(first_calls(environment, options.repeat))}")
    driver.close()


if __name__ == "__main__":
    main()
