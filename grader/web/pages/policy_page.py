"""What staff see of an assignment's rules: the form, the rules in words, and who has more than the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from grader.courses import queries as courses
from grader.db.models import Assignment, Extension, Role
from grader.policies import queries as policies
from grader.policies.evaluation import room
from grader.policies.terms import terms_for
from grader.policies.words import policy_text
from grader.time import utc_now
from grader.web import zones
from grader.web.access import AssignmentScope
from grader.web.policy_form import PolicyForm


@dataclass(frozen=True)
class ExtensionRow:
    student_id: str
    student: str
    email: str
    due_at: datetime | None
    closes_at: datetime | None
    extra_attempts: int
    tokens: int
    reason: str


@dataclass(frozen=True)
class ExtensionForm:
    """As it was typed."""

    students: str = ""
    due_at: str = ""
    closes_at: str = ""
    extra_attempts: str = ""
    reason: str = ""


@dataclass(frozen=True)
class PolicyPage:
    title: str
    course_name: str
    course_slug: str
    slug: str
    form: PolicyForm
    sentence: str  # what a student without an extension reads
    extensions: list[ExtensionRow]
    extension_form: ExtensionForm
    may_change: bool
    zone: str
    course_tokens: int
    grades_hidden: bool
    from_package: bool  # nobody has set other rules here


def policy_page(
    session: Session,
    scope: AssignmentScope,
    typed: PolicyForm | None = None,
    extension_form: ExtensionForm | None = None,
) -> PolicyPage:
    assignment = session.get_one(Assignment, scope.assignment.id)
    policy = policies.policy_in_force(assignment, courses.current_version(session, assignment.id))
    dates = policies.dates_of(assignment)
    terms, now = terms_for(policy, dates), utc_now()
    return PolicyPage(
        title=assignment.title,
        course_name=scope.course.title,
        course_slug=scope.course.slug,
        slug=assignment.slug,
        form=typed or PolicyForm.of(policy, dates, assignment.policy_revision),
        sentence=policy_text(terms, now, room(terms, now, []), zones.local_text),
        extensions=_extensions(session, assignment),
        extension_form=extension_form or ExtensionForm(),
        may_change=scope.role is Role.INSTRUCTOR,
        zone=zones.zone_name(),
        course_tokens=scope.course.late_tokens,
        grades_hidden=assignment.grades_hidden,
        from_package=assignment.policy is None,
    )


def _extensions(session: Session, assignment: Assignment) -> list[ExtensionRow]:
    query = select(Extension).where(Extension.assignment_id == assignment.id).options(joinedload(Extension.student))
    rows = [
        ExtensionRow(
            e.student_id, e.student.name, e.student.email, e.due_at, e.closes_at, e.extra_attempts, e.tokens, e.reason
        )
        for e in session.scalars(query)
        if not policies.allowance_of(e).is_empty
    ]
    return sorted(rows, key=lambda row: (row.student, row.email))
