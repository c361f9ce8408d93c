"""What the page of one assignment shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from assignments.metadata import CheckSpec
from grader.courses import queries as courses
from grader.courses.service import release_of
from grader.db.models import AssignmentVersion, User
from grader.submissions import queries as submissions
from grader.web.access import AssignmentScope
from grader.web.backend import settings
from grader.web.catalogue import catalogue
from grader.web.outline import outline_of
from grader.web.pages.rows import AttemptRow, attempt_rows

ANSWER_PREFIX = "answer-"
ATTEMPTS_MOST = 200


@dataclass(frozen=True)
class AnswerInput:
    key: str
    label: str
    help: str
    value: str
    problem: str


@dataclass(frozen=True)
class AssignmentPage:
    title: str
    course_name: str
    summary: list[str]  # paragraphs
    max_score: float | None
    due_at: datetime | None
    checks: list[CheckSpec]  # those that students may know of
    answers: list[AnswerInput]
    attempts: list[AttemptRow]
    most_bytes: int
    url: str
    starter_url: str | None
    staff_url: str | None


def assignment_page(
    session: Session,
    scope: AssignmentScope,
    user: User,
    typed: Mapping[str, str],
    answer_problem: tuple[str, str] | None = None,
) -> AssignmentPage:
    assignment, course = scope.assignment, scope.course
    version = courses.current_version(session, assignment.id)
    outline = outline_of(version)
    attempts = submissions.of_student(
        session, student_id=user.id, assignment_id=assignment.id, limit=ATTEMPTS_MOST, offset=0
    )
    address: dict[str, Any] = {"course_slug": course.slug, "slug": assignment.slug}
    return AssignmentPage(
        title=assignment.title,
        course_name=course.title,
        summary=_paragraphs(release_of(version).summary if version else ""),
        max_score=version.max_score if version else None,
        due_at=assignment.due_at,
        checks=[check for check in outline.checks if scope.role.is_staff or check.visibility != "hidden"],
        answers=_answers(version, typed, answer_problem),
        attempts=attempt_rows(attempts, hides=outline.hides and not scope.role.is_staff),
        most_bytes=settings().max_upload_bytes,
        url=url_for("student.assignment", **address),
        starter_url=url_for("student.starter", **address) if catalogue().has_starter(assignment.slug) else None,
        staff_url=url_for("staff.submissions", **address) if scope.role.is_staff else None,
    )


def _answers(
    version: AssignmentVersion | None,
    typed: Mapping[str, str],
    problem: tuple[str, str] | None,
) -> list[AnswerInput]:
    if version is None:
        return []
    return [
        AnswerInput(
            key=field.key,
            label=field.label,
            help=field.help,
            value=typed.get(field.key, ""),
            problem=problem[1] if problem is not None and problem[0] == field.key else "",
        )
        for field in release_of(version).answers
    ]


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
