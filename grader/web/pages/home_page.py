"""What the home page shows: every course of a person with its assignments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from grader.courses import queries as courses
from grader.db.models import Assignment, Course, Role, User
from grader.submissions import queries as submissions
from grader.submissions.filters import SubmissionFilter
from grader.web.access import visible_assignments
from grader.web.labels import Label, status_label
from grader.web.outline import outline_of
from grader.web.pages.rows import shown_score

ROLE_TEXTS = {Role.STUDENT: "", Role.TA: "a teaching assistant", Role.INSTRUCTOR: "an instructor"}


@dataclass(frozen=True)
class AssignmentRow:
    title: str
    url: str
    due_at: datetime | None
    max_score: float | None
    latest_status: Label | None
    latest_score: float | None
    submissions: int | None  # of everybody; None for students


@dataclass(frozen=True)
class CourseBlock:
    name: str
    slug: str
    role_text: str
    assignments: list[AssignmentRow]


def home_page(session: Session, user: User) -> list[CourseBlock]:
    blocks = []
    for enrolment in courses.courses_of(session, user.id):
        course, role = enrolment.course, enrolment.role
        found = visible_assignments(session, course, role)
        rows = [_row(session, user, course, assignment, role) for assignment in found]
        blocks.append(CourseBlock(course.title, course.slug, ROLE_TEXTS[role], rows))
    return blocks


def _row(session: Session, user: User, course: Course, assignment: Assignment, role: Role) -> AssignmentRow:
    version = courses.current_version(session, assignment.id)
    address: dict[str, Any] = {"course_slug": course.slug, "slug": assignment.slug}
    if role.is_staff:
        total = submissions.find(session, SubmissionFilter(assignment_id=assignment.id), limit=1).total
        url, status, score = url_for("staff.submissions", **address), None, None
    else:
        total, url = None, url_for("student.assignment", **address)
        status, score = _latest(session, user, assignment, hides=outline_of(version).hides)
    return AssignmentRow(
        title=assignment.title,
        url=url,
        due_at=assignment.due_at,
        max_score=version.max_score if version else None,
        latest_status=status,
        latest_score=score,
        submissions=total,
    )


def _latest(session: Session, user: User, assignment: Assignment, *, hides: bool) -> tuple[Label | None, float | None]:
    found = submissions.of_student(session, student_id=user.id, assignment_id=assignment.id, limit=1)
    if not found:
        return None, None
    score, _ = shown_score(found[0], hides=hides)
    return status_label(found[0].status), score
