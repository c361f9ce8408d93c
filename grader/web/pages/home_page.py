"""What the home page shows: every course of a person with its assignments, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from grader.courses import queries as courses
from grader.db.models import Assignment, AssignmentVersion, Course, Enrolment, Grade, Role, Submission, User
from grader.policies import queries as policies
from grader.policies.terms import Terms
from grader.submissions import queries as submissions
from grader.time import utc_now
from grader.web.access import visible_assignments
from grader.web.labels import Label, status_label
from grader.web.outline import outline_of

ROLE_TEXTS = {Role.STUDENT: "", Role.TA: "a teaching assistant", Role.INSTRUCTOR: "an instructor"}
RECENT = timedelta(days=7)
SOON = timedelta(days=3)


@dataclass(frozen=True)
class AssignmentRow:
    title: str
    url: str
    due_at: datetime | None  # the reader's own
    extended: bool
    due_text: str  # "overdue", "due soon", "closed" or ""
    max_score: float | None
    latest_status: Label | None
    latest_score: float | None
    latest_max: float | None
    changed_at: datetime | None  # of the grade, where that is recent
    submissions: int | None  # of everybody; None for students


@dataclass(frozen=True)
class CourseBlock:
    name: str
    slug: str
    role_text: str
    assignments: list[AssignmentRow]


def home_page(session: Session, user: User, enrolments: Sequence[Enrolment]) -> list[CourseBlock]:
    """The number of queries grows with the courses, not with their assignments."""
    return [_block(session, user, enrolment) for enrolment in enrolments]


def _block(session: Session, user: User, enrolment: Enrolment) -> CourseBlock:
    course, role = enrolment.course, enrolment.role
    found = visible_assignments(session, course, role)
    ids = [assignment.id for assignment in found]
    versions = courses.current_versions(session, ids)
    if role.is_staff:
        totals = submissions.counts_by_assignment(session, ids)
        rows = [_staff_row(course, a, versions.get(a.id), totals.get(a.id, 0)) for a in found]
    else:
        terms = policies.terms_of_course(session, found, user.id)
        latest = submissions.latest_by_assignment(session, student_id=user.id, assignment_ids=ids)
        grades = {g.assignment_id: g for g in submissions.grades_of(session, student_id=user.id)}
        rows = [_row(session, course, a, versions.get(a.id), terms[a.id], latest, grades.get(a.id)) for a in found]
    return CourseBlock(course.title, course.slug, ROLE_TEXTS[role], rows)


def _staff_row(course: Course, assignment: Assignment, version: AssignmentVersion | None, total: int) -> AssignmentRow:
    return AssignmentRow(
        title=assignment.title,
        url=url_for("staff.submissions", course_slug=course.slug, slug=assignment.slug),
        due_at=assignment.due_at,
        extended=False,
        due_text="",
        max_score=version.max_score if version else None,
        latest_status=None,
        latest_score=None,
        latest_max=None,
        changed_at=None,
        submissions=total,
    )


def _row(
    session: Session,
    course: Course,
    assignment: Assignment,
    version: AssignmentVersion | None,
    terms: Terms,
    latest: Mapping[str, Submission],
    grade: Grade | None,
) -> AssignmentRow:
    last = latest.get(assignment.id)
    hides = outline_of(session, assignment, version).hides
    shown = grade if grade is not None and not hides else None
    address: dict[str, Any] = {"course_slug": course.slug, "slug": assignment.slug}
    label = Label("Excused", "dash-circle") if shown is not None and shown.excused else None
    recent = shown is not None and shown.score is not None and utc_now() - shown.updated_at < RECENT
    return AssignmentRow(
        title=assignment.title,
        url=url_for("student.assignment", **address),
        due_at=terms.due_at,
        extended=terms.due_at != assignment.due_at,
        due_text=_due_text(terms, handed_in=last is not None),
        max_score=version.max_score if version else None,
        latest_status=label or (status_label(last.status) if last is not None else None),
        latest_score=shown.score if shown is not None else None,
        latest_max=shown.max_score if shown is not None else None,
        changed_at=shown.updated_at if shown is not None and recent else None,
        submissions=None,
    )


def _due_text(terms: Terms, *, handed_in: bool) -> str:
    now = utc_now()
    if terms.closes_at is not None and now > terms.closes_at:
        return "closed"
    if terms.due_at is None or handed_in:
        return ""
    return "overdue" if now > terms.due_at else "due soon" if terms.due_at - now < SOON else ""
