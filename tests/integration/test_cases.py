"""Every case of every assignment, through the real pipeline: jail, kernel, checks. Exactly the stated result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path

import pytest

from assignments.cases import Case, Expected, ExpectedCheck, compare_case, load_cases
from assignments.gradable import GradablePackage, load_gradable_package
from assignments.loading import load_package
from worker.contract import GradeStatus, Limits
from worker.environments import load_environments
from worker.pipeline.request import GradeRequest, Grading
from worker.pipeline.run import grade_sync
from worker.sandbox.warm.pool import POOLS

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "assignments").glob("*/assignment.toml"))
ENVIRONMENTS = load_environments(ROOT / "environments.toml")

CASES = [(folder.name, case) for folder in FOLDERS for case in load_cases(load_package(folder))]


JOBS = 2  # notebooks at a time, from warm parents, as a worker with two slots would


@dataclass(frozen=True)
class Submitted:
    slug: str
    notebook: bytes
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        digest = hashlib.sha256(self.notebook + json.dumps(dict(self.answers), sort_keys=True).encode())
        return f"{self.slug}-{digest.hexdigest()}"

    @property
    def seed(self) -> int:
        """The same inputs in every run: which of two true diagnoses fits can hang on the draw. Other draws are tried
        with `grader assignment test`."""
        return int.from_bytes(hashlib.sha256(self.key.encode()).digest()[:16])


@lru_cache
def package(slug: str) -> GradablePackage:
    return load_gradable_package(ROOT / "assignments" / slug)


def grade(submitted: Submitted) -> Grading:
    loaded = package(submitted.slug)
    request = GradeRequest(
        notebook=submitted.notebook,
        package=loaded,
        environment=ENVIRONMENTS[loaded.metadata.environment],
        limits=Limits(**asdict(loaded.metadata.limits)),
        answers=submitted.answers,
        seed=submitted.seed,
    )
    return grade_sync(request, lambda *_, **__: None)


def of_case(slug: str, case: Case) -> Submitted:
    return Submitted(slug, case.notebook_bytes, case.answers)


def solution(folder: Path) -> Submitted:
    return Submitted(folder.name, (folder / "solution.ipynb").read_bytes())


def starter(folder: Path) -> Submitted:
    return Submitted(folder.name, (folder / "starter.ipynb").read_bytes())


def wanted_by(item: pytest.Item) -> Submitted | None:
    """What the test is about to ask for, so that it can be graded while earlier tests still wait."""
    arguments = getattr(getattr(item, "callspec", None), "params", {})
    if item.path != Path(__file__):
        return None
    if "case" in arguments:
        return of_case(arguments["slug"], arguments["case"])
    return solution(arguments["folder"]) if "solution" in item.name else starter(arguments["folder"])


@pytest.fixture(scope="module")
def graded(request: pytest.FixtureRequest) -> Iterator[Callable[[Submitted], Grading]]:
    """The grading of a submission; those of all selected tests are under way from the start."""
    for environment in ENVIRONMENTS.values():
        POOLS.keep_warm(environment, spares=JOBS)
    with ThreadPoolExecutor(JOBS) as pool:
        wanted = [w for w in map(wanted_by, request.session.items) if w is not None]
        under_way: dict[str, Future[Grading]] = {}
        for each in wanted:
            if each.key not in under_way:
                under_way[each.key] = pool.submit(grade, each)
        yield lambda submitted: under_way[submitted.key].result()
        pool.shutdown(cancel_futures=True)
    POOLS.stop()


Graded = Callable[[Submitted], Grading]


@pytest.mark.timeout(1800)  # a test waits for those before it
@pytest.mark.parametrize(("slug", "case"), CASES, ids=[f"{slug}-{case.name}" for slug, case in CASES])
def test_case(slug: str, case: Case, graded: Graded) -> None:
    grading = graded(of_case(slug, case))
    assert grading.status is GradeStatus.GRADED, (grading.reason, grading.staff_text)
    assert compare_case(case.expected, grading.checks, grading.score) == []


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_solution_gets_every_point_that_a_machine_can_give(folder: Path, graded: Graded) -> None:
    grading = graded(solution(folder))
    wanted = tuple(
        ExpectedCheck(check.key, "passed", check.points)
        for check in package(folder.name).metadata.checks
        if check.kind in {"function", "variable"}
    )
    got = [check for check in grading.checks if check.key in {each.key for each in wanted}]
    score = sum(check.points for check in got)
    assert compare_case(Expected(sum(check.points for check in wanted), wanted), got, score) == []
    assert not [cell for cell in grading.cells if cell.status != "ok"]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_untouched_starter_gets_nothing_and_is_called_not_attempted(folder: Path, graded: Graded) -> None:
    grading = graded(starter(folder))
    assert grading.status is GradeStatus.GRADED
    assert grading.score == 0
    assert {check.verdict.value for check in grading.checks} <= {"missing", "manual"}
    assert not [cell for cell in grading.cells if cell.status != "ok"]
