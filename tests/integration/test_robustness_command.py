"""`grader robustness` in a process of its own: a result that hangs on the seed is seen to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat

CELLS = (
    "import numpy as np\nnp.random.seed(3)\nlucky = np.random.rand() > 0.5",  # 3: yes; 1003: yes; 2003: no
    "def distance_ratio(x):\n"
    "    d = np.sqrt(((x[:, :, None] - x[:, None, :]) ** 2).sum(axis=0))\n"
    "    return (1 if lucky else 2) * d.max() / d[d > 0].min()",
)


def test_a_lucky_seed_is_found_out(tmp_path: Path) -> None:
    notebook = tmp_path / "lucky.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    notebook.write_text(nbformat.writes(nbformat.v4.new_notebook(cells=cells)))
    command = [sys.executable, "-m", "grader.cli.main", "robustness", str(notebook), "--runs", "2", "--json"]
    done = subprocess.run(
        [*command, "-a", "coursework-4-hyperspheres"], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert [run["seeds_plus"] for run in runs] == [0, 1000, 2000]
    assert [run["score"] for run in runs] == [30, 30, 0]
