from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from assignments.policy import DatesSpec
from assignments.policy_schema import dates_problem
from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries
from grader.courses.errors import InvalidDates, InvalidSlug, SlugTaken
from grader.courses.release import Release
from grader.db.errors import unique_or
from grader.db.models import Assignment, AssignmentVersion, Course, Enrolment, Role, User
from grader.text import one_line

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_SLUG = 80


@dataclass(frozen=True)
class PublishedAssignment:
    assignment: Assignment
    version: AssignmentVersion
    created_version: bool  # False: the package has not changed since it was last published


def create_course(session: Session, *, slug: str, title: str, by: Actor) -> Course:
    """Raises InvalidSlug, SlugTaken."""
    _require_slug(slug)
    if queries.course_by_slug(session, slug) is not None:
        raise SlugTaken(slug)
    course = Course(slug=slug, title=one_line(title) or slug)
    with unique_or(session, SlugTaken(slug)):
        session.add(course)
    audit.record(session, by, "course.created", "course", course.id, after={"slug": slug})
    return course


def enrol(session: Session, *, user: User, course: Course, role: Role, by: Actor) -> Enrolment:
    """Make the user a member of the course, or change what the user is in it."""
    enrolment = queries.enrolment_of(session, user_id=user.id, course_id=course.id)
    before = None
    if enrolment is None:
        enrolment = Enrolment(user_id=user.id, course_id=course.id, role=role)
        session.add(enrolment)
        session.flush()
    elif enrolment.role is role:
        return enrolment
    else:
        before = {"role": enrolment.role.value}
        enrolment.role = role
    after = {"user": user.email, "course": course.slug, "role": role.value}
    audit.record(session, by, "enrolment.set", "enrolment", enrolment.id, before=before, after=after)
    return enrolment


def publish_assignment(
    session: Session,
    *,
    course: Course,
    release: Release,
    dates: DatesSpec | None = None,
    published: bool | None = None,
    files: dict[str, Any] | None = None,
    by: Actor,
) -> PublishedAssignment:
    """Give `release` in the course, or bring the course's assignment of that name up to it.

    A new version is made only when the package, or the points of its questions here, differ from the version in
    force. What students handed in before keeps its result until it is run again. `files`: as `grader.packages.files`
    has them, for comparing versions. `dates` and `published`: None leaves what
    is there; a new assignment begins with the package's dates, published. Raises InvalidSlug, InvalidDates.
    """
    _require_slug(release.slug)
    assignment = queries.assignment_in_course(session, course_id=course.id, slug=release.slug)
    if assignment is None:
        assignment = Assignment(course_id=course.id, slug=release.slug, title=release.title, published=True)
        session.add(assignment)
        dates = dates or release.dates
    assignment.title = release.title
    if dates is not None:
        set_dates(assignment, dates)
    if published is not None:
        assignment.published = published
    session.flush()
    version, created = bring_up(session, assignment, release, files)
    after = {"course": course.slug, "slug": release.slug, "version": version.number}
    after["published"] = assignment.published
    audit.record(session, by, "assignment.published", "assignment", assignment.id, after=after)
    return PublishedAssignment(assignment, version, created)


def set_dates(assignment: Assignment, dates: DatesSpec) -> None:
    """Raises InvalidDates."""
    if problem := dates_problem(dates):
        raise InvalidDates(problem)
    assignment.opens_at, assignment.due_at, assignment.closes_at = dates.opens_at, dates.due_at, dates.closes_at


def release_of(version: AssignmentVersion) -> Release:
    """What the version's package said of itself when it was published."""
    return Release.from_details(version.details)


def bring_up(
    session: Session, assignment: Assignment, release: Release, files: dict[str, Any] | None
) -> tuple[AssignmentVersion, bool]:
    """The version in force for `release` with the points set in the course; a new one where something differs."""
    release = release.with_points(assignment.points or {})
    current = queries.current_version(session, assignment.id)
    if current is not None and current.digest == release.digest and _points(release_of(current)) == _points(release):
        return current, False
    version = AssignmentVersion(
        assignment_id=assignment.id,
        number=current.number + 1 if current is not None else 1,
        digest=release.digest,
        details=release.to_details(),
        files=files,
        max_score=release.max_score,
    )
    session.add(version)
    session.flush()
    return version, True


def _points(release: Release) -> dict[str, float]:
    return {check.key: check.points for check in release.checks}


def _require_slug(slug: str) -> None:
    if len(slug) > _LONGEST_SLUG or not _SLUG.fullmatch(slug):
        raise InvalidSlug(slug)
