"""Mixed submissions, hostile and innocent, through warm kernels; and then a look for anything that they left behind.

    .venv/bin/python -m benchmarks.soak [--submissions 2000] [--jobs 2] [--minutes 60] [--innocent 0.6] [--seed 1]

The hostile ones are those of tests/sandbox/hostile. Ends with 1 when an innocent notebook did not get its full grade, a
hostile one was not held, or a process, mount, control group, descriptor, file or memory was left.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

from assignments.gradable import GradablePackage
from benchmarks.leftovers import Leftovers, look
from benchmarks.machine import machine, spread
from tests.sandbox.hostile import ATTACKS
from tests.sandbox.hostile.attack import Attack
from tests.sandbox.hostile.outside import fill, outside
from tests.sandbox.hostile.target import INNOCENT, POINTS, make_target
from tests.sandbox.hostile.trying import CALM, silent
from tests.support.notebooks import notebook
from worker.checker.parents import CHECKERS
from worker.contract import GradeStatus, Limits
from worker.environments import Environment, load_environments
from worker.memory import give_back_freed_memory
from worker.pipeline.request import GradeRequest, Grading
from worker.pipeline.run import grade_sync
from worker.sandbox.undertaker import UNDERTAKER
from worker.sandbox.warm.pool import POOLS, Pool

ROOT = Path(__file__).resolve().parent.parent
FIRST = 12  # innocent submissions before the first look: what is loaded once is no growth
READY_S = 120.0
SETTLE_S = 60.0
STEPS = 10  # lines of progress


@dataclass
class Soak:
    """What has become of the submissions so far."""

    package: GradablePackage
    environment: Environment
    world: Mapping[str, str]
    pool: Pool
    jobs: int
    seconds: list[float] = field(default_factory=list)  # of the innocent ones
    hostile: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def innocent(self) -> None:
        began = time.monotonic()
        grading = self._grade(INNOCENT, CALM)
        problem = _told(grading) if grading.score != POINTS or {c.status for c in grading.cells} != {"ok"} else ""
        with self.lock:
            self.seconds.append(time.monotonic() - began)
            if problem:
                self.problems[f"INNOCENT: {problem}"] += 1

    def attack(self, attack: Attack) -> None:
        complaints = attack.complaints(self._grade(attack.cells, attack.allowed()))
        with self.lock:
            self.hostile += 1
            self.problems.update(f"{attack.name}: {complaint}"[:400] for complaint in complaints)

    def _grade(self, cells: tuple[str, ...], limits: Limits) -> Grading:
        sources = notebook(*(fill(source, self.world) for source in cells))
        request = GradeRequest(sources, self.package, self.environment, limits)
        return grade_sync(request, silent)

    def look(self, folder: Path, before: Leftovers | None = None) -> Leftovers:
        """Once the spare kernels are there again, and what goes away by itself has had time to go."""
        self.pool.wait(SETTLE_S, spares=self.jobs)
        UNDERTAKER.wait()
        deadline, found = time.monotonic() + SETTLE_S, look(folder, self.pool)
        while time.monotonic() < deadline and (before is None or found.left_since(before)):
            time.sleep(0.5)
            last, found = found, look(folder, self.pool)
            if before is None and not found.left_since(last) and not last.left_since(found):
                break
        return found


def _told(grading: Grading) -> str:
    if grading.status is not GradeStatus.GRADED:
        return f"{grading.status.value}: {grading.staff_text.strip().splitlines()[-1:]}"
    return f"{grading.score} points, {[c.status for c in grading.cells]}, {grading.notices}"


@contextlib.contextmanager
def _service(jobs: int, folder: Path) -> Iterator[Soak]:
    give_back_freed_memory()  # as a worker does
    environment = load_environments(ROOT / "environments.toml")["course"]
    pool = POOLS.keep_warm(environment, spares=jobs)
    assert pool is not None, "the environment has nothing to preload"
    try:
        with outside() as world:
            package = make_target(folder)
            CHECKERS.keep(folder)
            if not pool.wait(READY_S, spares=jobs):
                sys.exit(f"There is no warm parent: {pool.trouble}")
            yield Soak(package, environment, world, pool, jobs)
    finally:
        CHECKERS.stop()
        POOLS.stop()


def _plan(submissions: int, innocent: float, seed: int) -> list[Attack | None]:
    """None for an innocent one. Every attack comes before any comes a second time."""
    random = Random(seed)  # noqa: S311  so that a run can be repeated
    alone = [attack for attack in ATTACKS if not attack.accomplice]
    hostile = [attack for _ in range(submissions // len(alone) + 1) for attack in random.sample(alone, len(alone))]
    return [None if random.random() < innocent else hostile.pop(0) for _ in range(submissions)]


def _run(soak: Soak, plan: list[Attack | None], jobs: int, until: float) -> int:
    """How many were done before the time was over."""
    done = 0

    def one(attack: Attack | None) -> None:
        nonlocal done
        if time.monotonic() > until:
            return
        soak.innocent() if attack is None else soak.attack(attack)
        with soak.lock:
            done += 1
            if done % max(1, len(plan) // STEPS) == 0:
                held = psutil.Process().memory_info().rss >> 20
                found = sum(soak.problems.values())
                print(f"  {done} of {len(plan)}, {found} problems, worker {held} MiB", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(jobs, thread_name_prefix="soak") as pool:
        list(pool.map(one, plan))
    return done


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="grader-soak-") as name:
        folder, scratch = Path(name) / "assignments", Path(name) / "scratch"
        for made in (Path(name), folder, scratch):
            made.mkdir(exist_ok=True)
            made.chmod(0o755)
        tempfile.tempdir = str(scratch)
        with _service(options.jobs, folder) as soak:
            _run(soak, [None] * FIRST, options.jobs, time.monotonic() + 600)
            before, first = soak.look(scratch), len(soak.seconds)
            began = time.monotonic()
            plan = _plan(options.submissions, options.innocent, options.seed)
            done = _run(soak, plan, options.jobs, began + 60 * options.minutes)
            spent = time.monotonic() - began
            after = soak.look(scratch, before)
        tempfile.tempdir = None
    print(f"# Soak\n{machine()}")
    print(f"{done} submissions, {done - soak.hostile} innocent, {soak.hostile} hostile, {options.jobs} at a time:")
    print(f"{spent:.0f} s, {60 * done / spent:.0f} a minute; an innocent one {spread(soak.seconds[first:] or [0.0])}")
    print(f"warm parents replaced: {soak.pool.restarts}")
    print(after.table(before))
    left = after.left_since(before)
    for problem, count in soak.problems.most_common():
        print(f"PROBLEM, {count} times: {problem}")
    for problem in left:
        print(f"LEFT: {problem}")
    print("Nothing is left, every notebook was held." if not left and not soak.problems else "See above.")
    return 1 if left or soak.problems else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--submissions", type=int, default=2_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=60.0, help="no submission is begun later")
    parser.add_argument("--innocent", type=float, default=0.6, help="share of innocent ones")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
