from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy.orm import Session

from assignments.metadata import Package
from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.courses import service as publishing
from grader.courses.release import Release
from grader.courses.service import PublishedAssignment, release_of
from grader.db.models import Assignment, AssignmentVersion, Course
from grader.gradebook.errors import EditConflict
from grader.packages.errors import InvalidQuestionPoints
from grader.packages.files import files_of

MOST_POINTS = 1000.0


@dataclass(frozen=True)
class Gift:
    """What a version takes from a package. Reading all its files takes a while, so do it before a session is opened."""

    release: Release
    files: dict[str, Any]

    @classmethod
    def of(cls, package: Package) -> Self:
        return cls(Release.from_metadata(package.metadata), files_of(package))


def give(session: Session, *, course: Course, gift: Gift, shown: bool | None, by: Actor) -> PublishedAssignment:
    """Give the package in the course, or bring the course's assignment up to its files.

    `shown`: None leaves it as it is, and a new one hidden.
    """
    slug = gift.release.slug
    if shown is None and courses.assignment_in_course(session, course_id=course.id, slug=slug) is None:
        shown = False
    return publishing.publish_assignment(
        session, course=course, release=gift.release, published=shown, files=gift.files, by=by
    )


def show(session: Session, *, assignment: Assignment, shown: bool, by: Actor) -> None:
    """Let students see the assignment, or no longer. What they handed in stays."""
    found = courses.lock_assignment(session, assignment.id)
    before, found.published = found.published, shown
    if before != shown:
        audit.record(
            session, by, "assignment.shown-set", "assignment", found.id,
            before={"shown": before}, after={"shown": shown},
        )  # fmt: skip


def set_points(
    session: Session, *, assignment: Assignment, points: Mapping[str, float], expected: int, by: Actor
) -> AssignmentVersion:
    """Set how many points questions give in this course; those that are not named give what the package says.

    That makes a new version of the same files. Results keep their points until they are run again. `expected` is
    the number of the version that was looked at. Raises InvalidQuestionPoints, EditConflict.
    """
    found = courses.lock_assignment(session, assignment.id)
    version = courses.current_version(session, found.id)
    if version is None:
        raise InvalidQuestionPoints("The assignment has no version whose points could be set.")
    release = release_of(version)
    _require_points(release, points)
    if version.number != expected:
        raise EditConflict(f"{found.title}", _said(release), _said(release.with_points(points)), version.number)
    packaged = release.with_points({})
    own = {check.key: check.points for check in packaged.checks}
    before, found.points = found.points, {k: v for k, v in points.items() if v != own[k]} or None
    made, created = publishing.bring_up(session, found, packaged, version.files)
    if created:
        audit.record(
            session, by, "assignment.points-set", "assignment", found.id,
            before=before, after={"points": found.points, "version": made.number},
        )  # fmt: skip
    return made


def _require_points(release: Release, points: Mapping[str, float]) -> None:
    titles = {check.key: check.title for check in release.checks}
    for key, value in points.items():
        if key not in titles:
            raise InvalidQuestionPoints(f"There is no question {key[:80]!r} in this assignment.")
        if not math.isfinite(value) or not 0 < value <= MOST_POINTS or round(value, 2) != value:
            raise InvalidQuestionPoints(
                f"{titles[key]}: points are a number above 0 and up to {MOST_POINTS:g}, with two decimals at most."
            )


def _said(release: Release) -> str:
    return ", ".join(f"{check.title} {check.points:g}" for check in release.checks)
