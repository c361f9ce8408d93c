"""The lock files: whole, pinned, and without what they must not hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.lock import LOCKS, normal, pins, union

ROOT = Path(__file__).resolve().parents[3]
REQUIREMENTS = ROOT / "requirements"
PIN = re.compile(r"[a-z0-9-]+==[0-9][^ ;]*(; python_version .+)?")


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_is_a_pin(name: str) -> None:
    wrong = [line for line in pins(REQUIREMENTS / f"{name}.txt") if not PIN.fullmatch(line)]
    assert wrong == []


@pytest.mark.parametrize(("name", "below"), LOCKS.items())
def test_every_direct_dependency_is_pinned(name: str, below: tuple[str, ...]) -> None:
    pinned = {line.split("==")[0] for lock in (name, *below) for line in pins(REQUIREMENTS / f"{lock}.txt")}
    direct = {normal(re.split(r"[\[;<>= ]", line)[0]) for line in pins(REQUIREMENTS / f"{name}.in")}
    assert direct - pinned == set()


def test_no_lock_brings_pytorch_or_cuda() -> None:
    every = {line.split("==")[0] for name in LOCKS for line in pins(REQUIREMENTS / f"{name}.txt")}
    every -= {"nvidia-ml-py"}  # Python alone: it asks the driver, where there is one
    assert [name for name in every if name in {"torch", "triton"} or name.startswith(("nvidia-", "cuda-"))] == []


def test_what_only_some_pythons_need_gets_a_marker() -> None:
    found = {"3.11": {"a": "1", "b": "1"}, "3.12": {"a": "1", "b": "1"}, "3.13": {"a": "1", "c": "2"}}
    assert union(found) == ["a==1", 'b==1; python_version < "3.13"', 'c==2; python_version >= "3.13"']


def test_a_python_that_is_missing_is_named_without_a_traceback() -> None:
    command = [sys.executable, "tools/bootstrap.py"]
    done = subprocess.run(
        command, cwd=ROOT, env={"PYTHON": "/no/such/python"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "/no/such/python cannot be started" in done.stderr
    assert "Traceback" not in done.stderr
