"""The gradebook, and what a student can keep of a result."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, In, Out
from grader.audit.service import Actor
from grader.db.models import Grade
from grader.gradebook import overrides, table
from grader.gradebook.overrides import Decision
from grader.gradebook.table import GradebookFilter
from grader.gradebook.totals import Part
from grader.web import access
from grader.web.access import SUBMIT
from grader.web.backend import backend
from grader.web.downloads import receipt_of, receipt_signer
from grader.web.views.gradebook import place

Text = Annotated[str, Field(max_length=200)]


class GradebookIn(In):
    section: Text | None = Field(None, description="Empty: students without a section.")
    q: Text = Field("", description="Part of a name or e-mail address.")
    sort: Annotated[str, Field(max_length=80)] = Field("name", description="name, email, section, total or a slug.")
    descending: bool = False
    limit: int = Field(50, ge=1, le=200)
    offset: int = Field(0, ge=0, le=1_000_000)


class GradeOut(Out):
    assignment: str
    score: float | None
    max_score: float | None
    overridden: bool
    excused: bool
    kept_share: float = Field(description="Less than 1 for late work.")
    note: str
    revision: int
    handed_in: int
    waiting: int
    failed: int = Field(description="Submissions that could not be graded through a fault of ours.")
    part: Part = Field(description="What it is to the course total.")


class GradebookRowOut(Out):
    student_id: str
    student: str = Field(description="E-mail address.")
    name: str
    section: str
    total_percent: float | None = Field(description="null while nothing counts.")
    grades: list[GradeOut]


class GradebookOut(Out):
    total: int = Field(description="Students on all pages.")
    rows: list[GradebookRowOut]


class DecisionIn(Body):
    score: float | None = Field(None, ge=0, le=1e6, description="null: what was graded counts.")
    excused: bool = False
    note: str = Field("", max_length=1000)
    revision: int = Field(ge=0, description="As you read it; a 409 says that somebody else was faster.")


class DecidedOut(Out):
    score: float | None
    max_score: float | None
    excused: bool
    note: str
    revision: int


class KeyOut(Out):
    algorithm: str
    public_key: str = Field(description="Base64.")


@api.get("/courses/<course_slug>/gradebook")
@access.allow_token(access.staff_of_course, scope=STAFF)
@api.input(GradebookIn, location="query", arg_name="query")
@api.output(GradebookOut)
@api.doc(summary="Grades of a course", tags=["Staff"], security=SECURITY, responses=problems(404, 422))
def gradebook(course_slug: str, query: GradebookIn) -> GradebookOut:
    filters = GradebookFilter(query.section, query.q, query.sort, query.descending)
    course = access.granted_course().course
    with backend().reading() as session:
        book = table.gradebook(session, course.id, filters, limit=query.limit, offset=query.offset)
    rows = [
        GradebookRowOut(
            student_id=row.student.id,
            student=row.student.email,
            name=row.student.name,
            section=row.section,
            total_percent=row.total.percent,
            grades=[
                GradeOut(assignment=column.slug, part=part, **dataclasses.asdict(cell))
                for column, cell, part in zip(book.columns, row.cells, row.total.parts, strict=True)
            ],
        )
        for row in book.rows
    ]
    return GradebookOut(total=book.total, rows=rows)


@api.put("/courses/<course_slug>/gradebook/<slug>/<student_id>")
@access.allow_token(access.staff_of_course, scope=STAFF)
@api.input(DecisionIn, location="json", arg_name="body")
@api.output(DecidedOut)
@api.doc(
    summary="Set a grade, excuse a student, or take that back",
    tags=["Staff"],
    security=SECURITY,
    responses=problems(404, 409, 422),
)
def decide(course_slug: str, slug: str, student_id: str, body: DecisionIn) -> DecidedOut:
    by = Actor.of(access.caller_user())
    with backend().writing() as session:
        assignment, enrolment = place(session, slug, student_id)
        grade: Grade = overrides.decide(
            session,
            assignment=assignment,
            student=enrolment.user,
            decision=Decision(body.score, body.excused, body.note),
            expected=body.revision,
            by=by,
        )
    return DecidedOut.model_validate(grade)


@api.post("/submissions/<submission_id>/choose")
@access.allow_token(access.author_of_submission, scope=SUBMIT)
@api.output({}, status_code=204)
@api.doc(
    summary="Let this attempt count, where you may choose",
    tags=["Submissions"],
    security=SECURITY,
    responses=problems(404, 409),
)
def choose(submission_id: str) -> tuple[str, int]:
    submission, user = access.granted_submission().submission, access.caller_user()
    with backend().writing() as session:
        overrides.choose(
            session, assignment=submission.assignment, student=user, submission=submission, by=Actor.of(user)
        )
    return "", 204


@api.get("/submissions/<submission_id>/receipt")
@access.allow_token(access.reader_of_submission)
@api.doc(
    summary="The signed receipt",
    description="What was handed in and when; `signature` is Ed25519 over the other fields as JSON with sorted keys.",
    tags=["Submissions"],
    security=SECURITY,
    responses={200: {"description": "The receipt.", "content": {"application/json": {}}}, **problems(404)},
)
def receipt(submission_id: str) -> dict[str, Any]:
    return receipt_of(access.granted_submission().submission)


@api.get("/receipt-key")
@access.allow_anyone
@api.output(KeyOut)
@api.doc(summary="The key that receipts are signed with", tags=["Submissions"])
def receipt_key() -> KeyOut:
    return KeyOut(algorithm="Ed25519", public_key=receipt_signer().public_key)
