"""Gradebook files through the API."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import Field
from werkzeug.exceptions import NotFound

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, In, Out
from grader.audit.service import Actor
from grader.lms.files import importing
from grader.lms.files.reading import MOST_BYTES
from grader.lms.files.writing import WRITERS
from grader.web import access
from grader.web.backend import backend
from grader.web.views.grade_files import export_file


class ExportIn(In):
    assignment: Annotated[str, Field(max_length=80)] = Field("", description="One short name; empty: all.")


class ImportIn(Body):
    csv: str = Field(max_length=MOST_BYTES)
    apply: bool = Field(False, description="False: only tell the differences.")
    mark: str = Field("", max_length=64, description="Of the differences that were told; needed to apply.")
    reason: str = Field("", max_length=1000, description="Students see it; needed to apply.")
    leave_out_unknown: bool = Field(False, description="Pass over lines about nobody in the course.")


class ChangeOut(Out):
    line: int
    student: str = Field(description="E-mail address.")
    assignment: str
    before: str
    after: str


class UnknownOut(Out):
    line: int
    who: str


class ImportOut(Out):
    applied: bool
    origin: str
    changes: list[ChangeOut]
    unchanged: int
    unknown: list[UnknownOut]
    ignored: list[str] = Field(description="Titles of columns that are no assignment.")
    problems: list[str]
    mark: str


@api.get("/courses/<course_slug>/gradebook-files/<kind>")
@access.allow_token(access.staff_of_course, scope=STAFF)
@api.input(ExportIn, location="query", arg_name="query")
@api.doc(
    summary="The gradebook as Canvas or Moodle reads it",
    description="`kind` is canvas or moodle.",
    tags=["Staff"],
    security=SECURITY,
    responses={200: {"description": "The file.", "content": {"text/csv": {}}}, **problems(404, 422)},
)
def export_grades(course_slug: str, kind: str, query: ExportIn) -> Response:
    if kind not in WRITERS:
        raise NotFound(f"There is no file of this kind; there are: {', '.join(WRITERS)}.")
    return export_file(kind, query.assignment)


@api.post("/courses/<course_slug>/gradebook-files")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.input(ImportIn, location="json", arg_name="body")
@api.output(ImportOut)
@api.doc(
    summary="Take grades from a file of Canvas, Moodle or ours",
    description="All of its differences become overrides, or none.",
    tags=["Staff"],
    security=SECURITY,
    responses=problems(404, 409, 422),
)
def import_grades(course_slug: str, body: ImportIn) -> ImportOut:
    course, data = access.granted_course().course, body.csv.encode("utf-8", "replace")
    with backend().reading() as session:
        found = importing.preview(session, course=course, data=data)
    if body.apply:
        with backend().writing() as session:
            importing.apply(
                session, course=course, data=data, reason=body.reason, mark=body.mark,
                leave_out_unknown=body.leave_out_unknown, by=Actor.of(access.caller_user()),
            )  # fmt: skip
    changes = [
        ChangeOut(line=c.line, student=c.student.email, assignment=c.column.slug, before=c.before, after=c.after)
        for c in found.changes
    ]
    return ImportOut(
        applied=body.apply,
        origin=found.file.origin,
        changes=changes,
        unchanged=found.unchanged,
        unknown=[UnknownOut(line=line.number, who=line.who) for line in found.unknown],
        ignored=list(found.file.ignored),
        problems=found.problems,
        mark=found.mark,
    )
