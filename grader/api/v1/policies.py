"""Rules, extensions, late tokens and release of an assignment."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from pydantic import Field

from assignments.policy import DatesSpec, PolicySpec
from assignments.policy_schema import PolicyModel
from grader.accounts import queries as accounts
from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, CourseIn, Out, When
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Assignment, Extension
from grader.gradebook import extensions, overrides, policies
from grader.gradebook.errors import NotAStudent
from grader.policies import queries as policy_queries
from grader.policies.errors import utc
from grader.policies.evaluation import room
from grader.policies.terms import Allowance
from grader.policies.words import policy_text
from grader.time import utc_now
from grader.web import access
from grader.web.access import SUBMIT
from grader.web.backend import backend


class RulesIn(PolicyModel):
    opens_at: When | None = None
    due_at: When | None = None
    closes_at: When | None = None
    revision: int = Field(ge=0, description="As you read it; a 409 says that somebody else was faster.")


class RulesOut(Out):
    attempts: int | None
    cooldown_minutes: float
    counted: str
    late_percent: float
    late_per: str
    late_floor_percent: float
    grace_minutes: float
    late_tokens: int
    hidden_checks: str
    superseding: str
    opens_at: datetime | None
    due_at: datetime | None
    closes_at: datetime | None
    revision: int
    grades_hidden: bool
    sentence: str = Field(description="All rules as they hold for you now, in words.")


class ExtensionIn(Body):
    student: str = Field(max_length=254, description="E-mail address.")
    due_at: When | None = None
    closes_at: When | None = None
    extra_attempts: int = Field(0, ge=0, le=extensions.MOST_EXTRA)
    reason: str = Field(min_length=1, max_length=500)


class ExtensionOut(Out):
    student: str
    due_at: datetime | None
    closes_at: datetime | None
    extra_attempts: int
    tokens: int


class ReleaseIn(Body):
    shown: bool


class ReleaseOut(Out):
    grades: int = Field(description="How many grades were released or hidden.")


@api.get("/assignments/<slug>/policy")
@access.allow_token(access.member_of_assignment)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(RulesOut)
@api.doc(summary="The rules of handing in", tags=["Assignments"], security=SECURITY, responses=problems(404, 409, 422))
def policy(slug: str, query: CourseIn) -> RulesOut:
    return _rules()


@api.put("/assignments/<slug>/policy")
@access.allow_token(access.instructor_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(RulesIn, location="json", arg_name="body")
@api.output(RulesOut)
@api.doc(
    summary="Set the rules and dates",
    description="All of them: what is left out gets its default. Grades are worked out anew at once.",
    tags=["Staff"],
    security=SECURITY,
    responses=problems(404, 409, 422),
)
def set_policy(slug: str, query: CourseIn, body: RulesIn) -> RulesOut:
    fields = {field.name: getattr(body, field.name) for field in dataclasses.fields(PolicySpec)}
    dates = DatesSpec(body.opens_at, body.due_at, body.closes_at)
    with backend().writing() as session:
        policies.set_policy(
            session,
            assignment_id=access.granted_assignment().assignment.id,
            policy=PolicySpec(**fields),
            dates=dates,
            expected=body.revision,
            by=Actor.of(access.caller_user()),
        )
    return _rules()


@api.put("/assignments/<slug>/extensions")
@access.allow_token(access.instructor_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(ExtensionIn, location="json", arg_name="body")
@api.output(ExtensionOut)
@api.doc(summary="Give a student an extension", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def extend(slug: str, query: CourseIn, body: ExtensionIn) -> ExtensionOut:
    with backend().writing() as session:
        student = accounts.user_by_email(session, body.student)
        if student is None:
            raise NotAStudent(body.student)
        [given] = extensions.grant(
            session,
            assignment=access.granted_assignment().assignment,
            students=[student],
            allowance=Allowance(body.due_at, body.closes_at, body.extra_attempts),
            reason=body.reason,
            by=Actor.of(access.caller_user()),
        )
    return extension_out(given, student.email)


def extension_out(given: Extension, email: str) -> ExtensionOut:
    return ExtensionOut(
        student=email,
        due_at=given.due_at,
        closes_at=given.closes_at,
        extra_attempts=given.extra_attempts,
        tokens=given.tokens,
    )


@api.post("/assignments/<slug>/late-tokens")
@access.allow_token(access.student_of_assignment, scope=SUBMIT)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(RulesOut)
@api.doc(
    summary="Spend a late token",
    description="Moves your due date by 24 hours; it cannot be taken back.",
    tags=["Assignments"],
    security=SECURITY,
    responses=problems(404, 409, 422),
)
def late_token(slug: str, query: CourseIn) -> RulesOut:
    user = access.caller_user()
    with backend().writing() as session:
        extensions.spend_token(
            session, assignment=access.granted_assignment().assignment, student=user, by=Actor.of(user)
        )
    return _rules()


@api.put("/assignments/<slug>/release")
@access.allow_token(access.instructor_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(ReleaseIn, location="json", arg_name="body")
@api.output(ReleaseOut)
@api.doc(
    summary="Release the grades to students, or hide them",
    tags=["Staff"],
    security=SECURITY,
    responses=problems(404, 409, 422),
)
def release(slug: str, query: CourseIn, body: ReleaseIn) -> ReleaseOut:
    assignment, by = access.granted_assignment().assignment, Actor.of(access.caller_user())
    with backend().writing() as session:
        return ReleaseOut(grades=overrides.show_grades(session, assignment=assignment, shown=body.shown, by=by))


def _rules() -> RulesOut:
    """As they hold for the caller."""
    user, now = access.caller_user(), utc_now()
    with backend().reading() as session:
        assignment = session.get_one(Assignment, access.granted_assignment().assignment.id)
        spec = policy_queries.policy_in_force(assignment, courses.current_version(session, assignment.id))
        terms = policy_queries.terms_of(session, assignment, user.id)
        made = policy_queries.attempts_made(session, assignment_id=assignment.id, student_id=user.id)
    return RulesOut(
        **dataclasses.asdict(spec),
        **dataclasses.asdict(terms.dates),
        revision=assignment.policy_revision,
        grades_hidden=assignment.grades_hidden,
        sentence=policy_text(terms, now, room(terms, now, made), utc),
    )
