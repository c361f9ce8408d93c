"""A short soak; `python -m benchmarks.soak` is the long one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .conftest import ROOT


@pytest.mark.timeout(900)
@pytest.mark.parametrize("starter", ["cold"], indirect=True)
def test_forty_mixed_submissions_leave_nothing_behind() -> None:
    line = [sys.executable, "-m", "benchmarks.soak", "--submissions", "40", "--minutes", "5"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=850, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing is left, every notebook was held." in done.stdout
