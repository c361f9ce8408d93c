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
from grader.db.models import Assignment, AssignmentVersion, Grade, User
from grader.gradebook.extensions import token_room
from grader.groups import queries as groups
from grader.groups.rules import GroupRules, group_text
from grader.groups.service import code_of
from grader.policies import queries as policies
from grader.policies.evaluation import Room, room
from grader.policies.terms import Terms
from grader.policies.words import late_now_text, policy_text, refusal_text
from grader.submissions import queries as submissions
from grader.time import utc_now
from grader.web import zones
from grader.web.access import AssignmentScope
from grader.web.backend import settings
from grader.web.catalogue import catalogue
from grader.web.outline import outline_of
from grader.web.pages.rows import AttemptRow, Standing, attempt_rows

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
class Rules:
    """The rules as they hold for the reader now, in words."""

    sentence: str
    late_now: str  # what handing in now would cost; ""
    refusal: str  # why nothing is accepted now; ""
    tokens: int  # late tokens that can be spent here now


@dataclass(frozen=True)
class GroupPanel:
    """The student's group, and what the student may do about it now."""

    sentence: str
    name: str  # "" without a group
    code: str  # lets others join; "" where students do not form groups
    may_change: bool
    url: str


@dataclass(frozen=True)
class GradeNote:
    """What counts for the student now, and why it is not just the score of an attempt."""

    score: float | None
    max_score: float | None
    text: str


@dataclass(frozen=True)
class AssignmentPage:
    title: str
    course_name: str
    summary: list[str]  # paragraphs
    max_score: float | None
    due_at: datetime | None  # the reader's own
    checks: list[CheckSpec]  # those that students may know of
    answers: list[AnswerInput]
    attempts: list[AttemptRow]
    rules: Rules
    group: GroupPanel | None
    grade: GradeNote | None
    withheld: bool
    most_bytes: int
    url: str
    starter_url: str | None
    task_url: str | None
    token_url: str
    staff_url: str | None
    board_url: str | None


def assignment_page(
    session: Session,
    scope: AssignmentScope,
    user: User,
    typed: Mapping[str, str],
    answer_problem: tuple[str, str] | None = None,
) -> AssignmentPage:
    assignment, course = scope.assignment, scope.course
    version = courses.current_version(session, assignment.id)
    outline = outline_of(session, assignment, version)
    attempts = submissions.of_student(
        session, student_id=user.id, assignment_id=assignment.id, limit=ATTEMPTS_MOST, offset=0
    )
    terms = policies.terms_of(session, assignment, user.id)
    grade = submissions.grade_of(session, student_id=user.id, assignment_id=assignment.id)
    hides = outline.hides and not scope.role.is_staff
    address: dict[str, Any] = {"course_slug": course.slug, "slug": assignment.slug}
    has_starter = catalogue().has_starter(assignment.slug)
    return AssignmentPage(
        title=assignment.title,
        course_name=course.title,
        summary=_paragraphs(release_of(version).summary if version else ""),
        max_score=version.max_score if version else None,
        due_at=terms.due_at,
        checks=outline.listed(staff=scope.role.is_staff),
        answers=_answers(version, typed, answer_problem),
        attempts=attempt_rows(attempts, Standing(terms, grade, hides, own=True)),
        rules=_rules(session, assignment, user, terms, staff=scope.role.is_staff),
        group=None if scope.role.is_staff else group_panel(session, scope, user, handed_in=bool(attempts)),
        grade=None if hides else grade_note(grade),
        withheld=outline.withheld and not scope.role.is_staff,
        most_bytes=settings().max_upload_bytes,
        url=url_for("student.assignment", **address),
        starter_url=url_for("student.starter", **address) if has_starter else None,
        task_url=url_for("student.task", **address) if has_starter else None,
        token_url=url_for("student.late_token", **address),
        staff_url=url_for("staff.submissions", **address) if scope.role.is_staff else None,
        board_url=url_for("leaderboard.page", **address) if _has_board(version, withheld=hides) else None,
    )


def _has_board(version: AssignmentVersion | None, *, withheld: bool) -> bool:
    return version is not None and not withheld and release_of(version).leaderboard is not None


def group_panel(session: Session, scope: AssignmentScope, user: User, *, handed_in: bool) -> GroupPanel | None:
    """None where everybody works alone."""
    rules = GroupRules.of(scope.assignment.group_rules)
    if rules is None:
        return None
    group = groups.group_of(session, scope.assignment.id, user.id)
    others = None
    if group is not None:
        others = sorted(m.student.name or m.student.email for m in group.members if m.student_id != user.id)
    return GroupPanel(
        sentence=group_text(rules, others),
        name=group.name if group is not None else "",
        code=code_of(group) if group is not None and rules.by_students else "",
        may_change=rules.by_students and not handed_in,
        url=url_for("groups.own", course_slug=scope.course.slug, slug=scope.assignment.slug),
    )


def grade_note(grade: Grade | None) -> GradeNote | None:
    """None where nothing counts yet."""
    if grade is None or (grade.score is None and not grade.excused):
        return None
    if grade.excused:
        text = f"You are excused: {grade.note}"
    elif grade.override_score is not None:
        text = f"Set by the teaching staff: {grade.note}"
    elif grade.kept_share < 1:
        text = "After the late penalty."
    else:
        text = ""
    return GradeNote(grade.score, grade.max_score, text)


def room_of(session: Session, assignment: Assignment, user: User, terms: Terms) -> Room:
    made = policies.attempts_made(session, assignment_id=assignment.id, student_id=user.id)
    return room(terms, utc_now(), made)


def _rules(session: Session, assignment: Assignment, user: User, terms: Terms, *, staff: bool) -> Rules:
    now, found = utc_now(), room_of(session, assignment, user, terms)
    refusal = found.refusal if not staff else None
    return Rules(
        sentence=policy_text(terms, now, found, zones.local_text),
        late_now="" if refusal else late_now_text(terms, now),
        refusal=refusal_text(refusal, terms, zones.local_text) if refusal else "",
        tokens=0 if staff else token_room(session, assignment, user.id),
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
