"""The assignment packages of the repository, and their notebooks run in this process (our own only)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assignments.asking import Ask
from assignments.checks_loading import CheckedPackage, load_checked_package
from assignments.outcome import Outcome
from tests.support.direct_ask import DirectAsk

ASSIGNMENTS = Path(__file__).parents[2] / "assignments"
SLUGS = sorted(path.parent.name for path in ASSIGNMENTS.glob("*/assignment.toml"))


@functools.cache
def checked(slug: str) -> CheckedPackage:
    return load_checked_package(ASSIGNMENTS / slug)


def check(slug: str, key: str) -> Callable[[Ask], Outcome]:
    return next(c.run for c in checked(slug).checks if c.spec.key == key)


def namespace_of(slug: str, notebook: str) -> dict[str, Any]:
    """What the notebook's cells leave behind."""
    return DirectAsk.of_notebook((ASSIGNMENTS / slug / notebook).read_bytes()).namespace


def judge(slug: str, key: str, code: str, *, seed: int = 0, before: str = "", answers: Any = None) -> Outcome:
    """One check on a notebook of two cells."""
    imports = "import math\nimport numpy as np\nimport scipy.special as sci\n"
    ask = DirectAsk([imports + before, code], seed=seed, answers=answers)
    assert not ask.errors, ask.errors
    return check(slug, key)(ask)
