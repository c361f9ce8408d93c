"""The assignment that hostile notebooks are handed in for, and the innocent notebook that is graded beside them."""

from __future__ import annotations

from pathlib import Path

from assignments.gradable import GradablePackage, load_gradable_package
from tests.support.notebooks import notebook

POINTS = 10.0
TOML = """
title = "Target"
summary = "Double a vector, and add up a row."

[[checks]]
key = "double"
title = "Twice the vector"
points = 6

[[checks]]
key = "total"
title = "The sum of the row"
points = 4
kind = "variable"
"""
CHECKS = '''
"""What it is asked for is drawn afresh, and the answers are known out here alone."""

import numpy as np

from assignments.vocabulary import Ask, FunctionTask, Outcome, Trial, check, judge_function
from assignments.vocabulary.variables import VariableTask, judge_variable
from reference.comparators.arrays import Tolerance

DOUBLE = FunctionTask(function="double", parameters=("x",), reference=lambda x: 2 * x)


@check("double")
def double(ask: Ask) -> Outcome:
    return judge_function(ask, DOUBLE, [Trial((ask.rng.normal(size=int(n)),)) for n in ask.rng.integers(3, 9, 3)])


@check("total")
def total(ask: Ask) -> Outcome:
    wanted = VariableTask(
        name="total", right=[4950.0], wrong=[], placeholder=0.0, tolerance=Tolerance(relative=1e-9, absolute=1e-9),
        follows="",
    )
    return judge_variable(ask, wanted)
'''
STARTER = ("import numpy as np\n\ndef double(x):\n    return np.zeros_like(x)\n", "total = 0.0\n")
# It takes its time, so that it is not over before the attack has begun; a thread and a process are what it may have.
INNOCENT = (
    "import subprocess, threading, time\nimport numpy as np\nrow = np.arange(100.0)",
    "def double(x):\n    return x + x",
    "time.sleep(0.15)\nopen('notes.txt', 'w').write('mine')\nrng = np.random.default_rng(1)",
    "a = rng.normal(size=(60, 60))\nassert np.allclose(np.linalg.inv(a) @ a, np.eye(60), atol=1e-6)",
    "worker = threading.Thread(target=time.sleep, args=(0.05,)); worker.start(); worker.join()",
    "assert subprocess.run(['echo', 'here'], capture_output=True).stdout == b'here\\n'",
    "time.sleep(0.15)\nassert open('notes.txt').read() == 'mine'\ntotal = float(row.sum())",
)
HONEST = "import numpy as np\ndef double(x): return 2 * x\ntotal = 4950.0\n"


def make_target(folder: Path) -> GradablePackage:
    """Writes the package below `folder`, and loads it."""
    package = folder / "target"
    (package / "data").mkdir(parents=True)
    (package / "assignment.toml").write_text(TOML)
    (package / "checks.py").write_text(CHECKS)
    (package / "starter.ipynb").write_bytes(notebook(*STARTER))
    (package / "solution.ipynb").write_bytes(notebook(*INNOCENT))
    (package / "data" / "data.csv").write_text("1,2\n")
    for path in (folder, package, package / "data"):
        path.chmod(0o755)  # checks are carried out by an ordinary user
    return load_gradable_package(package)
