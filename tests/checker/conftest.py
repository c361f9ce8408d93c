"""Runs the checks of small assignments in the real jail; the kernel is a function of the test."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assignments.gradable import GradablePackage
from assignments.outcome import Outcome
from tests.support.small_package import small_package
from worker.checker.checks import Answer, Asked, Checks, Moment, Request
from worker.checker.errors import CheckBroken
from worker.checker.limits import CheckerLimits
from worker.checker.parents import Parents

LIMITS = CheckerLimits(computing_s=5.0, load_s=30.0)  # generous: the machine may be busy
SECRET = "not-for-checkers"
INNOCENT = """
@check("one")
def one(ask: Ask):
    return passed(sum(range(1000)))


@check("two")
def two(ask: Ask):
    return passed(ask.call("f", 2))
"""


@dataclass
class Carried:
    """What became of the checks of one notebook."""

    package: GradablePackage
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)


async def no_kernel(requests: Sequence[Request]) -> list[Answer]:
    return [({"is": "gone", "reason": "there is no kernel in this test"}, b"") for _ in requests]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def parents() -> Iterator[Parents]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKER_BROKER_URL", SECRET)
        made = Parents(LIMITS)
        yield made
        made.stop()


class World:
    """`carry_out(checks, "a", "b")` runs the checks a and b while an innocent assignment is checked beside them."""

    def __init__(self, packages: Path, parents: Parents) -> None:
        self.packages = packages
        self.parents = parents
        self._names = (f"small-{number}" for number in itertools.count())
        self._innocent = small_package(packages / next(self._names), INNOCENT, ["one", "two"])

    def package(self, checks: str, *keys: str) -> GradablePackage:
        return small_package(self.packages / next(self._names), checks, keys)

    def carry_out(self, checks: str, *keys: str, asked: Asked = no_kernel, seed: int = 1) -> Carried:
        return asyncio.run(self._both(self.package(checks, *keys), asked, seed))

    async def _both(self, package: GradablePackage, asked: Asked, seed: int) -> Carried:
        carried, innocent = await asyncio.gather(
            self.run(package, asked, seed), self.run(self._innocent, no_kernel, seed)
        )
        assert (set(innocent.outcomes), innocent.broken) == ({"one", "two"}, {})
        assert innocent.outcomes["one"].message == "499500"
        assert "there is no kernel in this test" in innocent.outcomes["two"].message
        return carried

    async def run(self, package: GradablePackage, asked: Asked = no_kernel, seed: int = 1) -> Carried:
        carried = Carried(package)
        async with Checks(package, parents=self.parents) as checks:
            await checks.ready()
            for number, spec in enumerate(package.checks):
                try:
                    carried.outcomes[spec.key] = await checks.run(spec.key, Moment(seed, number, asked))
                except CheckBroken as error:
                    carried.broken[spec.key] = str(error)
        return carried


@pytest.fixture(scope="session")
def world(packages: Path, parents: Parents) -> World:
    return World(packages, parents)
