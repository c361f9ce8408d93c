"""One cell of the gradebook with its history, and decisions for many students at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.accounts import queries as accounts
from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.grades import DecidedOut
from grader.api.v1.policies import ExtensionOut, extension_out
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, CourseIn, Out, When
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import User
from grader.gradebook import bulk, extensions, table
from grader.gradebook.errors import NotAStudent
from grader.policies.terms import Allowance
from grader.submissions import queries as submissions
from grader.web import access
from grader.web.backend import backend
from grader.web.pages.gradebook_page import history_text
from grader.web.views.gradebook import place

MOST_AT_ONCE = 1000


class ChangeOut(Out):
    at: datetime
    by: str
    action: str
    text: str = Field(description="The change as a sentence.")
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class CellOut(DecidedOut):
    overridden: bool
    kept_share: float = Field(description="Less than 1 for late work.")
    computed: float | None = Field(description="What was graded, after the late penalty.")
    history: list[ChangeOut]


class ManyIn(Body):
    students: list[str] = Field(min_length=1, max_length=MOST_AT_ONCE, description="E-mail addresses.")


class ManyExcusedIn(ManyIn):
    excused: bool
    note: str = Field("", max_length=1000, description="Needed to excuse; students see it.")


class ManyExcusedOut(Out):
    changed: int
    left: list[str] = Field(description="Whose score a person has set: left as it is.")


class ManyExtendedIn(ManyIn):
    due_at: When | None = None
    closes_at: When | None = None
    extra_attempts: int = Field(0, ge=0, le=extensions.MOST_EXTRA)
    reason: str = Field(min_length=1, max_length=500)


class ManyExtendedOut(Out):
    extensions: list[ExtensionOut]


@api.get("/courses/<course_slug>/gradebook/<slug>/<student_id>")
@access.allow_token(access.staff_of_course, scope=STAFF)
@api.output(CellOut)
@api.doc(summary="One grade with its history", tags=["Staff"], security=SECURITY, responses=problems(404))
def gradebook_cell(course_slug: str, slug: str, student_id: str) -> CellOut:
    with backend().reading() as session:
        assignment, _ = place(session, slug, student_id)
        cell = table.cell_of(session, assignment=assignment, student_id=student_id)
        grade = submissions.grade_of(session, student_id=student_id, assignment_id=assignment.id)
        entries = table.history_of(session, assignment=assignment, student_id=student_id)
    history = [
        ChangeOut(
            at=entry.at,
            by=entry.actor,
            action=entry.action,
            text=history_text(entry),
            before=entry.before,
            after=entry.after,
        )
        for entry in entries
    ]
    return CellOut(
        score=cell.score,
        max_score=cell.max_score,
        excused=cell.excused,
        note=cell.note,
        revision=cell.revision,
        overridden=cell.overridden,
        kept_share=cell.kept_share,
        computed=grade.computed_score if grade is not None else None,
        history=history,
    )


@api.post("/assignments/<slug>/excuses")
@access.allow_token(access.instructor_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(ManyExcusedIn, location="json", arg_name="body")
@api.output(ManyExcusedOut)
@api.doc(
    summary="Excuse many students, or take that back",
    description="All of them or, where one is refused, none.",
    tags=["Staff"],
    security=SECURITY,
    responses=problems(404, 409, 422),
)
def excuse_many(slug: str, query: CourseIn, body: ManyExcusedIn) -> ManyExcusedOut:
    assignment, by = access.granted_assignment().assignment, Actor.of(access.caller_user())
    with backend().writing() as session:
        students = _students(session, body.students)
        done = bulk.excuse(
            session, assignment=assignment, students=students, excused=body.excused, note=body.note, by=by
        )
        return ManyExcusedOut(changed=done.done, left=[user.email for user in done.left])


@api.post("/assignments/<slug>/extensions")
@access.allow_token(access.instructor_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(ManyExtendedIn, location="json", arg_name="body")
@api.output(ManyExtendedOut)
@api.doc(
    summary="Give many students an extension",
    description="All of them or, where one is refused, none.",
    tags=["Staff"],
    security=SECURITY,
    responses=problems(404, 409, 422),
)
def extend_many(slug: str, query: CourseIn, body: ManyExtendedIn) -> ManyExtendedOut:
    assignment, by = access.granted_assignment().assignment, Actor.of(access.caller_user())
    allowance = Allowance(body.due_at, body.closes_at, body.extra_attempts)
    with backend().writing() as session:
        students = _students(session, body.students)
        given = extensions.grant(
            session, assignment=assignment, students=students, allowance=allowance, reason=body.reason, by=by
        )
        emails = {user.id: user.email for user in students}
        return ManyExtendedOut(extensions=[extension_out(one, emails[one.student_id]) for one in given])


@api.delete("/assignments/<slug>/extensions/<student_id>")
@access.allow_token(access.instructor_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output({}, status_code=204)
@api.doc(summary="Take an extension back", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def revoke_extension(slug: str, student_id: str, query: CourseIn) -> tuple[str, int]:
    assignment, by = access.granted_assignment().assignment, Actor.of(access.caller_user())
    with backend().writing() as session:
        student = accounts.user_by_id(session, student_id)
        if student is None or courses.role_of(session, user_id=student_id, course_id=assignment.course_id) is None:
            raise NotFound("There is no such student in the course.")
        extensions.revoke(session, assignment=assignment, student=student, by=by)
    return "", 204


def _students(session: Session, emails: Sequence[str]) -> list[User]:
    """Each once. Raises NotAStudent."""
    known = accounts.users_by_email(session, emails)
    for email in emails:
        if email.strip().lower() not in known:
            raise NotAStudent(email[:254])
    return list(known.values())
