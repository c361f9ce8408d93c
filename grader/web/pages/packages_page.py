"""What the pages of a course's assignments show: packages on disk beside what is in force, and one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from assignments.metadata import CheckSpec
from grader.courses import queries as courses
from grader.courses.service import release_of
from grader.db.models import Assignment, AssignmentVersion, Course
from grader.packages import history, trying
from grader.packages.shelf import OnShelf
from grader.packages.trying import CaseState, Health, TriedCase
from grader.web import formats
from grader.web.labels import Label

HEALTH = {
    "not tried": Label("Not tried", "dash-circle"),
    "waiting": Label("Being tried", "hourglass-split", "is-info"),
    "passed": Label("All pass", "check-circle-fill", "is-good"),
    "failed": Label("Not as it must be", "x-octagon-fill", "is-bad"),
}
CASE = {
    CaseState.WAITING: HEALTH["waiting"],
    CaseState.PASSED: Label("Passes", "check-circle-fill", "is-good"),
    CaseState.DIFFERS: Label("Differs", "x-octagon-fill", "is-bad"),
    CaseState.FAILED: Label("Not graded", "x-octagon-fill", "is-bad"),
}


@dataclass(frozen=True)
class Given:
    """An assignment of the course. `files`: "same", "changed", "damaged" or "gone", beside what is in force."""

    slug: str
    title: str
    version: int | None
    max_score: float | None
    due_at: datetime | None
    shown: bool
    files: str
    problem: str  # of damaged files
    health: Health

    @property
    def label(self) -> Label:
        return HEALTH[self.health.word]

    @property
    def cases(self) -> list[tuple[TriedCase, Label]]:
        return [(case, CASE[case.state]) for case in self.health.cases]

    @property
    def tally(self) -> str:
        passed, total = self.health.count(CaseState.PASSED), len(self.health.cases)
        return f"{passed} of {formats.count(total, 'case')}" if total else ""


@dataclass(frozen=True)
class PackagePage:
    given: Given
    versions: Sequence[AssignmentVersion]
    questions: Sequence[tuple[CheckSpec, float]]  # with the package's own points


def listed(session: Session, course: Course, shelf: Sequence[OnShelf]) -> tuple[list[Given], list[OnShelf]]:
    """What the course gives, and the packages that it does not give yet."""
    found = courses.assignments_of(session, course.id, published_only=False)
    given = _given(session, found, shelf)
    slugs = {assignment.slug for assignment in found}
    return given, [package for package in shelf if package.slug not in slugs]


def package_page(session: Session, assignment: Assignment, shelf: Sequence[OnShelf]) -> PackagePage:
    [given] = _given(session, [assignment], shelf)
    versions = history.versions_of(session, assignment.id)
    questions: list[tuple[CheckSpec, float]] = []
    if versions:
        release = release_of(versions[0])
        questions = [(c, release.package_points.get(c.key, c.points)) for c in release.checks]
    return PackagePage(given, versions, questions)


def _given(session: Session, assignments: Sequence[Assignment], shelf: Sequence[OnShelf]) -> list[Given]:
    ids = [assignment.id for assignment in assignments]
    versions, health = courses.current_versions(session, ids), trying.health_of(session, ids)
    on_shelf = {package.slug: package for package in shelf}
    return [
        _one(assignment, versions.get(assignment.id), on_shelf.get(assignment.slug), health[assignment.id])
        for assignment in assignments
    ]


def _one(assignment: Assignment, version: AssignmentVersion | None, found: OnShelf | None, health: Health) -> Given:
    if found is None:
        files = "gone"
    elif found.package is None:
        files = "damaged"
    else:
        same = version is not None and version.digest == found.package.metadata.version
        files = "same" if same else "changed"
    return Given(
        slug=assignment.slug,
        title=assignment.title,
        version=version.number if version else None,
        max_score=version.max_score if version else None,
        due_at=assignment.due_at,
        shown=assignment.published,
        files=files,
        problem=found.problem if found else "",
        health=health,
    )
