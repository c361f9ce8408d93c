"""One check of a package against functions given as Python objects, in this process. Never for a student's code."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assignments.checks_loading import CheckedPackage, load_checked_package
from assignments.outcome import Outcome
from tests.support.direct_ask import DirectAsk

ASSIGNMENTS = Path(__file__).parents[2] / "assignments"


@functools.cache
def package(slug: str) -> CheckedPackage:
    return load_checked_package(ASSIGNMENTS / slug)


def conclude(slug: str, key: str, names: Mapping[str, Any], *, seed: int = 0) -> Outcome:
    """What the check `key` concludes of a notebook whose globals are `names`."""
    ask = DirectAsk([], seed=seed)
    ask.namespace.update(names)
    check = next(check for check in package(slug).checks if check.spec.key == key)
    return check.run(ask)
