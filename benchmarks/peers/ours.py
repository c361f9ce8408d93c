"""Ours: the command `grader grade`, and the worker's pipeline in a process that is warm already."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assignments.loading import load_package
from benchmarks.peers.contender import Marks, PeerError
from benchmarks.peers.notebooks import HYPERSPHERES, TYPED_ANSWERS
from benchmarks.peers.places import ROOT
from benchmarks.peers.running import run
from worker.environments import load_environments
from worker.pipeline import batch
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
    """The same pipeline in this process, which has imported it and keeps a warm parent: a running worker's way.

    Kernels are forked from the parent, the first from a spare. The next notebook is graded at once, so that a spare
    is not always ready.
    """

    name = "ours, warm"
    grades = True
    what = "the worker's pipeline with kernels forked from a warm parent, one notebook after another"

    def __init__(self, assignment: str) -> None:
        self._assignment = assignment
        self._staged: list[Path] = []
        self._reports: list[dict[str, Any]] = []

    def prepare(self) -> None:
        """Raises PeerError when no parent can be had: a cold start must not pass for a warm one."""
        name = load_package(ROOT / "assignments" / self._assignment).metadata.environment
        pool = POOLS.keep_warm(load_environments(ROOT / "environments.toml")[name])
        if pool is None:
            raise PeerError(f"ours: the environment {name} has nothing to preload")
        if not pool.wait(PARENT_S, spares=1):
            raise PeerError(f"ours: no warm parent within {PARENT_S:.0f} s: {pool.trouble or 'it was silent'}")
        self._pool = pool

    def close(self) -> None:
        POOLS.stop()

    def stage(self, notebooks: Sequence[Path]) -> None:
        self._staged = list(notebooks)

    def run(self) -> list[float]:
        seconds = []
        self._reports = []
        for notebook in self._staged:
            began = time.perf_counter()
            reports = batch.grade_files(
                [notebook],
                package_folder=ROOT / "assignments" / self._assignment,
                environments_file=ROOT / "environments.toml",
                answers=answers_of(self._assignment),
                jobs=1,
            )
            self._reports.extend(report.to_json() for report in reports)
            seconds.append(time.perf_counter() - began)
        if self._pool.parent is None or self._pool.restarts:
            raise PeerError(f"ours: the warm parent did not last: {self._pool.trouble or 'it was started anew'}")
        return seconds

    def marks(self) -> list[Marks]:
        return marks_of(self._reports)
