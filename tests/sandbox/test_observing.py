"""`python -m tools.syscalls` names what the policy refuses, and lets it happen."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools.syscalls import observed
from worker.environments import Environment

pytestmark = pytest.mark.parametrize("starter", ["cold"], indirect=True)

SOURCES = (
    "import ctypes, os, subprocess, sys\nprint(ctypes.CDLL(None).setsid())",
    "subprocess.run([sys.executable, '-c', 'import socket; socket.socket(17, 3)'])",
    "sum(range(10))",
)


def test_refused_calls_are_named_also_those_of_other_processes(environment: Environment, tmp_path: Path) -> None:
    path = tmp_path / "notebook.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in SOURCES]), path)
    counts = observed(path, environment, {}, everything=False)
    assert counts == {"setsid": 1, "socket(family 17, type 3, protocol 0)": 1}


def test_everything_includes_what_is_allowed(environment: Environment, tmp_path: Path) -> None:
    path = tmp_path / "notebook.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("import os\nos.getppid()")]), path)
    counts = observed(path, environment, {}, everything=True)
    assert counts["getppid"] >= 1
    assert counts["mmap"] > 10
