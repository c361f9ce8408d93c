"""Ours: the command `grader grade`, and the worker's pipeline in processes that are warm already."""

from __future__ import annotations

import atexit
import functools
import json
import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from assignments.loading import load_package
from benchmarks.peers.contender import Marks, PeerError
from benchmarks.peers.notebooks import HYPERSPHERES, TYPED_ANSWERS
from benchmarks.peers.places import ROOT
from benchmarks.peers.running import run
from worker.checker.parents import CHECKERS
from worker.contract import Limits
from worker.environments import Environment
from worker.memory import give_back_freed_memory
from worker.pipeline import batch
from worker.pipeline.request import GradeRequest
from worker.pipeline.resolve import Resolver
from worker.pipeline.run import grade_sync
from worker.sandbox.undertaker import UNDERTAKER
from worker.sandbox.warm.pool import POOLS

PARENT_S = 60.0


def answers_of(assignment: str) -> dict[str, str]:
    """What a student types on the upload page."""
    return TYPED_ANSWERS if assignment == HYPERSPHERES else {}


def marks_of(reports: Sequence[dict[str, Any]]) -> list[Marks]:
    """From lines of `grader grade --json`. Raises PeerError for a submission that was not graded."""
    for report in reports:
        if report["status"] != "graded":
            raise PeerError(f"ours: {report['file']} was {report['status']}: {report['reason']}")
    return [{check["key"]: check["points"] / check["max_points"] for check in r["checks"]} for r in reports]


class OursCommand:
    """`grader grade FILES --assignment … --json`, its start included."""

    grades = True

    def __init__(self, assignment: str, *, jobs: int) -> None:
        self.name = f"ours, {jobs} at a time" if jobs > 1 else "ours"
        self.what = f"`grader grade --json --jobs {jobs}` on the whole batch, its start included"
        self._assignment = assignment
        self._jobs = jobs
        self._staged: list[Path] = []
        self._reports: list[dict[str, Any]] = []

    def prepare(self) -> None:
        self._env = {k: v for k, v in os.environ.items() if not k.startswith("GRADER_")}

    def close(self) -> None: ...

    def stage(self, notebooks: Sequence[Path]) -> None:
        self._staged = list(notebooks)

    def run(self) -> None:
        typed = [part for key, value in answers_of(self._assignment).items() for part in ("--answer", f"{key}={value}")]
        options = ["--assignment", self._assignment, "--json", "--jobs", str(self._jobs), *typed]
        out = run(self.name, [ROOT / ".venv/bin/grader", "grade", *self._staged, *options], cwd=ROOT, env=self._env)
        self._reports = [json.loads(line) for line in out.splitlines()]

    def marks(self) -> list[Marks]:
        return marks_of(self._reports)


class OursWarm:
    """The same pipeline in processes that have imported it and keep warm parents, of kernels and of checkers: a
    running worker's slots.

    Kernels are forked from the parent, the first from a spare. The next notebook is graded at once, so that a spare
    is not always ready.
    """

    grades = True

    def __init__(self, assignment: str, *, slots: int) -> None:
        each = "one after another" if slots == 1 else f"{slots} at a time, one a core"
        self.name = "ours, warm" if slots == 1 else f"ours, warm, {slots} at a time"
        self.what = f"the worker's pipeline with kernels forked from a warm parent, {each}"
        self._assignment = assignment
        self._slots = slots
        self._staged: list[Path] = []
        self._reports: list[dict[str, Any]] = []

    def prepare(self) -> None:
        """Raises PeerError when no parent can be had: a cold start must not pass for a warm one."""
        context = multiprocessing.get_context("spawn")
        together = context.Barrier(self._slots)
        self._pool = ProcessPoolExecutor(self._slots, context, _warm_up, (self._assignment, together))
        try:
            list(self._pool.map(_is_warm, range(self._slots)))
        except BrokenProcessPool:
            raise PeerError(
                f"ours: no warm parent within {PARENT_S:.0f} s in each of {self._slots} processes"
            ) from None

    def close(self) -> None:
        self._pool.shutdown()

    def stage(self, notebooks: Sequence[Path]) -> None:
        self._staged = list(notebooks)

    def run(self) -> list[float] | None:
        version = load_package(ROOT / "assignments" / self._assignment).metadata.version
        graded = list(self._pool.map(partial(_graded, self._assignment, version), self._staged))
        self._reports = [report for _, report in graded]
        return [seconds for seconds, _ in graded] if self._slots == 1 else None

    def marks(self) -> list[Marks]:
        return marks_of(self._reports)


@functools.cache
def _resolver() -> Resolver:
    return Resolver(ROOT / "assignments", ROOT / "environments.toml")


def _environment(assignment: str) -> Environment:
    return _resolver().environment(_resolver().package(assignment))


def _warm_up(assignment: str, together: Barrier) -> None:
    """In each process, once, as in each slot of a worker; it ends with the process."""
    give_back_freed_memory()
    CHECKERS.keep(ROOT / "assignments")
    pool = POOLS.keep_warm(_environment(assignment))
    if pool is None or not pool.wait(PARENT_S, spares=1):
        raise PeerError(f"ours: no warm parent: {pool.trouble if pool else 'nothing to preload'}")
    atexit.register(CHECKERS.stop)
    atexit.register(POOLS.stop)
    atexit.register(UNDERTAKER.wait)
    together.wait(PARENT_S)  # all of them are ready before any of them is given work


def _is_warm(number: int) -> int:
    return number


def _graded(assignment: str, version: str, notebook: Path) -> tuple[float, dict[str, Any]]:
    """Seconds and the report: what a worker's slot does with a job. Raises PeerError if the parent did not last."""
    began = time.perf_counter()
    package, environment = _resolver().find(assignment, version)
    limits = Limits(**asdict(package.metadata.limits))
    request = GradeRequest(notebook.read_bytes(), package, environment, limits, answers=answers_of(assignment))
    grading = grade_sync(request, lambda *_, **__: None)
    seconds = time.perf_counter() - began
    pool = POOLS.find(environment)
    if pool is None or pool.parent is None or pool.restarts:
        raise PeerError("ours: the warm parent did not last")
    return seconds, batch.FileReport(str(notebook), assignment, grading).to_json()
