"""Kernels: from nothing, forked when asked for, and from a spare; what they cost in time and memory.

    .venv/bin/python -m benchmarks.kernels [--repeat 20] [--kernels 64] [--assignment SLUG]

Times are medians. "First cell" is from entering the session to the first line of the notebook's first cell, by the
same clock. "Overhead" is the whole of grading the solved notebook in this process (read, start, cells, calls, compare,
remove) less the bare cells in a plain Python that has imported their libraries already; both are run in turn.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from benchmarks.machine import machine
from benchmarks.peers.notebooks import submissions
from worker.checker.inside.values import encode_call
from worker.checker.parents import CHECKERS
from worker.contract import Limits
from worker.environments import Environment, load_environments
from worker.kernels.session import NotebookSession, Question, SessionSpec
from worker.pipeline.request import GradeRequest
from worker.pipeline.resolve import Resolver
from worker.pipeline.run import grade
from worker.sandbox.bubblewrap import environment_variables
from worker.sandbox.installation import find_installation
from worker.sandbox.warm.pool import POOLS, Pool

ROOT = Path(__file__).resolve().parent.parent
BARE = ROOT / "benchmarks" / "peers" / "inside" / "bare_cells.py"
CLOCK = "import time; print(time.monotonic_ns())"
IMPORTS = "import numpy, scipy.stats, matplotlib.pyplot as plt, torch\nprint(torch.ones(3).sum())"


async def first_cell_ms(spec: SessionSpec) -> float:
    cell, began = new_code_cell(CLOCK), time.monotonic_ns()
    async with NotebookSession(spec) as session:
        await session.run_cell(cell, 0)
    return (int(cell.outputs[0].text) - began) / 1e6


async def notebook_ms(spec: SessionSpec, source: str) -> float:
    began = time.perf_counter()
    async with NotebookSession(spec) as session:
        assert (await session.run_cell(new_code_cell(source), 0)).status == "ok"
    return (time.perf_counter() - began) * 1e3


async def stock_ms(python: Path, source: str) -> float:
    began = time.perf_counter()
    manager = AsyncKernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="stock",
        language="python",
    )
    manager.log.setLevel("ERROR")
    client = NotebookClient(new_notebook(cells=[new_code_cell(source)]), km=manager, timeout=120)
    await client.async_execute()
    return (time.perf_counter() - began) * 1e3


def median_of(count: int, measure: Callable[[], float], before: Callable[[], None] = lambda: None) -> list[float]:
    values = []
    for number in range(count + 1):
        before()
        value = measure()
        if number:  # the first one fills caches
            values.append(value)
    return values


def shown(name: str, values: list[float], unit: str = "ms", most: float | None = None) -> None:
    """One line; `most` is the target."""
    middle = statistics.median(values)
    spread = f"({min(values):.1f}-{max(values):.1f}, n={len(values)})"
    print(f"{name:<58} {middle:8.1f} {unit}   {spread}{_against(middle, most)}")


def _against(value: float, most: float | None) -> str:
    return "" if most is None else f"   target: at most {most:.4g} ({'met' if value <= most else 'NOT met'})"


def no_spares(pool: Pool) -> None:
    """Until the next kernel is gone, the pool forks nothing ahead."""
    spare = pool.take()
    assert spare is not None
    spare.discard()


def first_cells(environment: Environment, pool: Pool, repeat: int) -> None:
    spec = SessionSpec(environment, Limits())
    cold = SessionSpec(
        replace(environment, name="cold", interpreter=environment.interpreter.with_name("python3")), Limits()
    )
    shown("first cell, kernel from nothing", median_of(repeat, lambda: asyncio.run(first_cell_ms(cold))))

    def settle() -> None:
        pool.wait(20, spares=1)
        time.sleep(0.02)

    def without_spare() -> None:
        settle()
        no_spares(pool)

    forked = median_of(repeat, lambda: asyncio.run(first_cell_ms(spec)), without_spare)
    shown("first cell, kernel forked when asked for", forked)
    from_spare = median_of(repeat, lambda: asyncio.run(first_cell_ms(spec)), settle)
    shown("first cell, kernel from a spare", from_spare, most=15)
    quick = median_of(repeat, lambda: asyncio.run(notebook_ms(spec, IMPORTS)), settle)
    shown("notebook that imports torch, from a spare, to its removal", quick)
    stock = median_of(min(5, repeat), lambda: asyncio.run(stock_ms(environment.interpreter, IMPORTS)))
    shown("the same in stock nbclient", stock)
    ratio = statistics.median(stock) / statistics.median(quick)
    print(f"{'ratio':<58} {ratio:8.1f} times   target: at least 60 ({'met' if ratio >= 60 else 'NOT met'})")


def overhead(slug: str, pool: Pool, repeat: int) -> None:
    resolver = Resolver(ROOT / "assignments", ROOT / "environments.toml")
    package = resolver.package(slug)
    environment = resolver.environment(package)
    limits = Limits(**asdict(package.metadata.limits))
    notebook = ROOT / "assignments" / slug / "solution.ipynb"
    CHECKERS.keep(ROOT / "assignments")
    variables = {**environment_variables(find_installation(environment.interpreter), home="/tmp"), "MPLBACKEND": "Agg"}

    def bare() -> float:
        command = [str(environment.interpreter), str(BARE), str(notebook)]
        told = subprocess.run(command, capture_output=True, text=True, check=True, env=variables, cwd="/tmp").stdout
        return float(json.loads(told)["seconds"]) * 1e3

    def graded() -> float:
        (handed_in,) = submissions(notebook, 1)
        request = GradeRequest(handed_in.read_bytes(), package, environment, limits)
        began = time.perf_counter()
        grading = asyncio.run(grade(request, lambda *_, **__: None))
        if grading.status.value != "graded":
            sys.exit(f"not graded: {grading.staff_text}")
        told.append(grading.seconds.overhead * 1e3)
        return (time.perf_counter() - began) * 1e3

    bares: list[float] = []
    totals: list[float] = []
    told: list[float] = []
    for number in range(repeat + 1):
        pool.wait(20, spares=1)
        total, alone = graded(), bare()
        if number:
            totals.append(total)
            bares.append(alone)
    shown(f"{slug}: graded, whole", totals)
    shown(f"{slug}: its cells alone", bares)
    shown("overhead: graded less bare, pair by pair", [t - b for t, b in zip(totals, bares, strict=True)], most=60)
    shown("of it, outside of cells and calls", told[1:])


async def exchanges(environment: Environment, repeat: int) -> None:
    """What one cell and one call cost that compute nothing."""
    cells, calls = [], []
    question = Question("f", *encode_call("f", (1,), {}, {}, ""))
    async with NotebookSession(SessionSpec(environment, Limits())) as session:
        await session.run_cell(new_code_cell("def f(x): return x"), 0)
        for _ in range(repeat):
            began = time.perf_counter()
            await session.run_cell(new_code_cell("x = 1"), 0)
            cells.append((time.perf_counter() - began) * 1e3)
            began = time.perf_counter()
            await session.ask([question] * 10)
            calls.append((time.perf_counter() - began) * 1e2)
    shown("one cell that computes nothing", cells)
    shown("one call that computes nothing (ten in a row)", calls)


def private_kib(pid: int) -> int:
    fields = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value, *_ = line.split()
        fields[name] = int(value)
    tables = next(
        int(line.split()[1]) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmPTE" in line
    )
    return fields["Private_Clean:"] + fields["Private_Dirty:"] + tables


async def memory(environment: Environment, count: int) -> None:
    spec = SessionSpec(environment, Limits())
    before = psutil.virtual_memory().available
    sessions = [NotebookSession(spec) for _ in range(count)]
    began = time.perf_counter()
    await asyncio.gather(*(session.__aenter__() for session in sessions))
    opened_s = time.perf_counter() - began
    kernels = [session._connection.process.pid for session in sessions]
    idle = [(private_kib(pid) + private_kib(psutil.Process(pid).ppid())) / 1024 for pid in kernels]
    shown("private memory of an idle kernel (with its jailer)", idle, "MiB", most=20e6 / 2**20)
    cell = "import torch, numpy as np\nx = torch.ones(100, 100); print((x @ x).sum())"
    states = await asyncio.gather(*(session.run_cell(new_code_cell(cell), 0) for session in sessions))
    assert {state.status for state in states} == {"ok"}
    used = [(private_kib(pid) + private_kib(psutil.Process(pid).ppid())) / 1024 for pid in kernels]
    shown("the same after a cell with torch", used, "MiB")
    total_mib = (before - psutil.virtual_memory().available) / 2**20
    name, most = f"{count} kernels at once: memory of the machine", 2.5e9 / 2**20 if count == 64 else None
    print(f"{name:<58} {total_mib:8.1f} MiB   (started in {opened_s:.2f} s){_against(total_mib, most)}")
    await asyncio.gather(*(session.__aexit__(None, None, None) for session in sessions))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--kernels", type=int, default=64)
    parser.add_argument("--assignment", default="coursework-4-hyperspheres")
    chosen = parser.parse_args()
    environment = load_environments(ROOT / "environments.toml")["course"]
    began = time.perf_counter()
    pool = POOLS.keep_warm(environment)
    if pool is None or not pool.wait(120, spares=1):
        sys.exit(f"no warm parent: {pool.trouble if pool else 'environments.toml has no preload list'}")
    print(f"# Kernels\n{machine()}\nload of the machine before: {os.getloadavg()[0]:.1f}")
    print(f"{'warm parent, to its first spare':<58} {(time.perf_counter() - began) * 1e3:8.1f} ms")
    assert pool.parent is not None
    print(f"{'memory of the warm parent, shared with its kernels':<58} {pool.parent.memory_kib() / 1024:8.1f} MiB")
    first_cells(environment, pool, chosen.repeat)
    asyncio.run(exchanges(environment, chosen.repeat))
    overhead(chosen.assignment, pool, chosen.repeat)
    asyncio.run(memory(environment, chosen.kernels))
    POOLS.stop()
    CHECKERS.stop()
    print(f"load of the machine after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
