"""Running the checks of a package, many times with fresh inputs, against code of our own in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from assignments.checks_loading import CheckedPackage, load_checked_package
from assignments.outcome import Conclusion, Outcome
from reference.misconceptions import Misconception
from tests.support.direct_ask import DirectAsk

ROOT = Path(__file__).resolve().parents[2] / "assignments"
RUNS = int(os.environ.get("PACKAGE_RUNS", "12"))  # each with other inputs; raise it to look for luck


@cache
def package(slug: str) -> CheckedPackage:
    return load_checked_package(ROOT / slug)


def judge(slug: str, key: str, ask: DirectAsk, seed: int) -> Outcome:
    """One check at the end of the notebook."""
    ask.rng = np.random.default_rng(seed)
    run = next(check.run for check in package(slug).checks if check.spec.key == key)
    return run(ask)


def assert_solution_passes(slug: str, runs: int = RUNS) -> None:
    ask = DirectAsk.of_notebook(package(slug).package.solution_bytes())
    assert not ask.errors
    for check in package(slug).checks:
        for seed in range(runs):
            outcome = judge(slug, check.spec.key, ask, seed)
            assert outcome.conclusion is Conclusion.PASSED, (check.spec.key, seed, outcome)


def assert_starter_runs_and_earns_nothing(slug: str, runs: int = 3) -> None:
    ask = DirectAsk.of_notebook(package(slug).package.starter_bytes())
    assert not ask.errors
    for check in package(slug).checks:
        for seed in range(runs):
            outcome = judge(slug, check.spec.key, ask, seed)
            assert outcome.fraction == 0, (check.spec.key, seed, outcome)


def assert_named(
    slug: str,
    key: str,
    misconceptions: Sequence[Misconception],
    *,
    function: str = "",
    runs: int = RUNS,
    also: Mapping[str, str] | None = None,
    adapt: Callable[[Callable[..., Any]], Callable[..., Any]] = lambda wrong: wrong,
    cells: Sequence[str] = ("import numpy as np",),
) -> None:
    """Each misconception, in the place of the student's function, never earns full points and is named.

    `also` maps a key to another that may be named instead where the two cannot be told apart. `adapt` makes the
    student's function out of the misconception where the two take other arguments.
    """
    ask = DirectAsk(cells)
    for known in misconceptions:
        ask.namespace[function or key] = adapt(known.wrong)
        allowed = {known.key, (also or {}).get(known.key, known.key)}
        for seed in range(runs):
            with np.errstate(all="ignore"):
                outcome = judge(slug, key, ask, seed)
            assert outcome.fraction < 1, (known.key, seed, outcome)
            assert outcome.diagnosis in allowed, (known.key, seed, outcome)
