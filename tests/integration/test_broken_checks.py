"""An assignment with broken checks, through the whole pipeline with a real kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assignments.gradable import GradablePackage
from tests.support.notebooks import notebook
from tests.support.small_package import line_of, small_package
from worker.checker.parents import CHECKERS
from worker.contract import GradeStatus, Limits, Verdict
from worker.environments import load_environments
from worker.pipeline.request import GradeRequest, Grading
from worker.pipeline.run import grade_sync

ROOT = Path(__file__).resolve().parents[2]
CHECKS = """
import os
import numpy as np
from assignments.asking import Got


def doubled(ask):
    x = ask.rng.normal(size=5)
    reply = ask.call("f", x)
    right = isinstance(reply, Got) and np.array_equal(reply.value, 2 * x)
    return passed() if right else Outcome(Conclusion.FAILED, 0.0, str(reply))


@check("first")
def first(ask: Ask):
    return doubled(ask)


@check("crashes")
def crashes(ask: Ask):
    doubled(ask)
    return {}["no such key"]


@check("exits")
def exits(ask: Ask):
    os._exit(0)


@check("last")
def last(ask: Ask):
    return doubled(ask)
"""
KEYS = ["first", "crashes", "exits", "last"]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    tmp_path.chmod(0o755)
    yield tmp_path
    CHECKERS.stop()


def grade(package: GradablePackage, *cells: str) -> Grading:
    request = GradeRequest(
        notebook=notebook(*cells),
        package=package,
        environment=load_environments(ROOT / "environments.toml")["course"],
        limits=Limits(),
        seed=3,
    )
    return grade_sync(request, lambda *_, **__: None)


def test_points_of_broken_checks_are_withheld_and_the_others_are_graded(folder: Path) -> None:
    package = small_package(folder / "broken", CHECKS, KEYS)
    grading = grade(package, "def f(x):\n    return 2 * x")
    assert grading.status is GradeStatus.GRADED, grading.staff_text
    found = {check.key: check for check in grading.checks}
    assert {key: check.verdict for key, check in found.items()} == {
        "first": Verdict.PASSED,
        "crashes": Verdict.UNAVAILABLE,
        "exits": Verdict.UNAVAILABLE,
        "last": Verdict.PASSED,
    }
    assert grading.score == 2
    crashed = found["crashes"]
    assert "staff" in crashed.message
    assert "KeyError" not in crashed.message
    line = line_of(package, "no such key")
    assert f"broken/checks.py, line {line}: KeyError: 'no such key'" in crashed.staff_message
    assert "exit code 0" in found["exits"].staff_message
    assert "crashes: broken/checks.py" in grading.staff_text


def test_checks_that_cannot_be_loaded_are_no_score(folder: Path) -> None:
    package = small_package(folder / "unloadable", "1 / 0\n", ["first"])
    grading = grade(package, "def f(x):\n    return 2 * x")
    assert (grading.status, grading.checks) == (GradeStatus.FAILED, ())
    assert "unloadable/checks.py:10: fails on import: ZeroDivisionError" in grading.staff_text
    assert "ZeroDivisionError" not in grading.reason


def test_the_worker_s_process_never_imports_the_checks_nor_the_right_answers() -> None:
    code = (
        "import sys, worker.tasks, worker.pipeline.batch, worker.pipeline.run\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('reference', 'numpy')"
        " or m.startswith(('assignments.vocabulary', 'assignments.checks'))))"
    )
    command = [sys.executable, "-c", code]
    environ = {**os.environ, "WORKER_BROKER_URL": "memory://"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environ)
    assert done.stdout.strip() == "[]"
