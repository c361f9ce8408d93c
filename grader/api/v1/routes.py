"""The operations of the API: thin, as the pages are."""

from __future__ import annotations

import math
from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, request, url_for

from grader.api.v1 import presenting, schemas
from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.reading import read_answers, require_multipart
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Run, Source, SubmissionStatus
from grader.grading import rerunning
from grader.submissions import queries as submissions
from grader.submissions import service as hand_ins
from grader.submissions.filters import SubmissionFilter
from grader.time import utc_now
from grader.waiting.service import waiting_of
from grader.web import access, limits
from grader.web.access import SUBMIT
from grader.web.backend import backend
from grader.web.handing_in import hand_in
from grader.web.outline import outline_of
from grader.web.views.student import starter_file

api = APIBlueprint("v1", __name__, url_prefix="/api/v1")
STAFF = "staff"


@api.get("/me")
@access.allow_token(access.signed_in)
@api.output(schemas.MeOut)
@api.doc(summary="Who am I", tags=["You"], security=SECURITY, responses=problems())
def me() -> schemas.MeOut:
    user = access.caller_user()
    with backend().reading() as session:
        enrolments = courses.courses_of(session, user.id)
    return schemas.MeOut(
        id=user.id,
        email=user.email,
        name=user.name,
        scopes=sorted(g.caller.scopes or ()),
        courses=[schemas.EnrolmentOut(course=e.course.slug, title=e.course.title, role=e.role) for e in enrolments],
    )


@api.get("/assignments")
@access.allow_token(access.signed_in)
@api.input(schemas.CourseIn, location="query", arg_name="query")
@api.output(schemas.AssignmentsOut)
@api.doc(summary="Assignments of your courses", tags=["Assignments"], security=SECURITY, responses=problems(422))
def assignments(query: schemas.CourseIn) -> schemas.AssignmentsOut:
    found = []
    with backend().reading() as session:
        for enrolment in courses.courses_of(session, access.caller_user().id):
            course, role = enrolment.course, enrolment.role
            if query.course in (None, course.slug):
                visible = access.visible_assignments(session, course, role)
                found += [presenting.assignment_out(session, a, course, role) for a in visible]
    return schemas.AssignmentsOut(assignments=found)


@api.get("/assignments/<slug>")
@access.allow_token(access.member_of_assignment)
@api.input(schemas.CourseIn, location="query", arg_name="query")
@api.output(schemas.AssignmentOut)
@api.doc(summary="One assignment", tags=["Assignments"], security=SECURITY, responses=problems(404, 409, 422))
def assignment(slug: str, query: schemas.CourseIn) -> schemas.AssignmentOut:
    scope = access.granted_assignment()
    with backend().reading() as session:
        return presenting.assignment_out(session, scope.assignment, scope.course, scope.role)


@api.get("/assignments/<slug>/starter")
@access.allow_token(access.member_of_assignment)
@api.input(schemas.CourseIn, location="query", arg_name="query")
@api.doc(
    summary="The starter notebook",
    tags=["Assignments"],
    security=SECURITY,
    responses={
        200: {"description": "The notebook.", "content": {"application/x-ipynb+json": {"schema": {"type": "object"}}}},
        **problems(404, 409, 422),
    },
)
def starter(slug: str, query: schemas.CourseIn) -> Response:
    return starter_file(slug)


@api.get("/assignments/<slug>/submissions")
@access.allow_token(access.member_of_assignment)
@api.input(schemas.OwnPageIn, location="query", arg_name="query")
@api.output(schemas.PageOut)
@api.doc(
    summary="Your own submissions, newest first",
    tags=["Submissions"],
    security=SECURITY,
    responses=problems(404, 409, 422),
)
def own_submissions(slug: str, query: schemas.OwnPageIn) -> schemas.PageOut:
    scope, user = access.granted_assignment(), access.caller_user()
    with backend().reading() as session:
        outline = outline_of(session, scope.assignment, courses.current_version(session, scope.assignment.id))
        found = submissions.of_student(
            session,
            student_id=user.id,
            assignment_id=scope.assignment.id,
            limit=query.limit + 1,
            offset=query.offset,
        )
    hides = outline.hides and not scope.role.is_staff
    rows = [presenting.own_row_out(s, scope.course, hides=hides) for s in found[: query.limit]]
    return _page(rows, None, query, more=len(found) > query.limit)


@api.post("/assignments/<slug>/submissions")
@access.allow_token(access.member_of_assignment, scope=SUBMIT)
@limits.upload_limits
@api.input(schemas.CourseIn, location="query", arg_name="query")
@api.output(schemas.AcceptedOut, status_code=202)
@api.doc(
    summary="Hand in a notebook",
    description="The file in the field `notebook`, typed answers in `answers`. Follow `url` until `status` is final; "
    "`Retry-After` tells in how many seconds that is likely, where it can be told.",
    tags=["Submissions"],
    security=SECURITY,
    responses=problems(404, 409, 413, 415, 422, 429, 503),
)
def submit(slug: str, query: schemas.CourseIn) -> tuple[schemas.AcceptedOut, int, dict[str, str]]:
    require_multipart()
    accepted = hand_in(read_answers(), _source())
    submission = accepted.submission
    with backend().reading() as session:
        waiting = waiting_of(session, session.get_one(Run, accepted.run.id), utc_now())
    seconds = waiting.estimate.seconds
    url = presenting.submission_url(submission)
    body = schemas.AcceptedOut(
        id=submission.id,
        url=url,
        status=submission.status,
        number=submission.number,
        same_as=accepted.same_as.number if accepted.same_as else None,
        superseded=list(accepted.superseded),
        position=None if waiting.place is None else waiting.place + 1,
        estimate_seconds=seconds,
    )
    again = {} if seconds is None else {"Retry-After": str(max(1, math.ceil(seconds)))}
    return body, 202, {"Location": url, **again}


@api.post("/submissions/<submission_id>/run")
@access.allow_token(access.author_of_submission, scope=SUBMIT)
@api.output(schemas.RerunOut, status_code=202)
@api.doc(
    summary="Grade an attempt that a newer one replaced while it waited",
    description="It uses an attempt up, as any other.",
    tags=["Submissions"],
    security=SECURITY,
    responses=problems(404, 409, 410),
)
def run_superseded(submission_id: str) -> tuple[schemas.RerunOut, int, dict[str, str]]:
    with backend().writing() as session:
        run = hand_ins.run_superseded(session, submission_id=submission_id, by=access.caller_user())
    return _queued_again(submission_id, run)


@api.get("/submissions/<submission_id>")
@access.allow_token(access.reader_of_submission)
@api.output(schemas.SubmissionOut)
@api.doc(summary="One submission and its result", tags=["Submissions"], security=SECURITY, responses=problems(404))
def submission(submission_id: str) -> schemas.SubmissionOut:
    with backend().reading() as session:
        return presenting.submission_out(session, access.granted_submission())


@api.get("/assignments/<slug>/submissions/all")
@access.allow_token(access.staff_of_assignment)
@api.input(schemas.StaffPageIn, location="query", arg_name="query")
@api.output(schemas.PageOut)
@api.doc(
    summary="Everybody's submissions, filtered", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422)
)
def all_submissions(slug: str, query: schemas.StaffPageIn) -> schemas.PageOut:
    scope = access.granted_assignment()
    filters = SubmissionFilter(
        assignment_id=scope.assignment.id,
        statuses=(query.status,) if query.status else (),
        text=query.q,
        latest_only=query.latest,
        score_min=query.score_min,
        score_max=query.score_max,
    )
    with backend().reading() as session:
        found = submissions.find(session, filters, limit=query.limit, offset=query.offset)
    rows = [presenting.staff_row_out(row, scope.assignment.slug, scope.course) for row in found.rows]
    return _page(rows, found.total, query, more=query.offset + len(rows) < found.total)


@api.post("/submissions/<submission_id>/rerun")
@access.allow_token(access.staff_of_submission, scope=STAFF)
@api.input(schemas.RerunIn, location="json_or_form", arg_name="body")
@api.output(schemas.RerunOut, status_code=202)
@api.doc(summary="Grade a submission again", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 410, 422))
def rerun(submission_id: str, body: schemas.RerunIn) -> tuple[schemas.RerunOut, int, dict[str, str]]:
    actor = Actor.of(access.caller_user())
    with backend().writing() as session:
        again = rerunning.rerun(session, submission_ids=[submission_id], by=actor, reason=body.reason, release=True)
    [run] = again.runs
    return _queued_again(submission_id, run)


def _queued_again(submission_id: str, run: Run) -> tuple[schemas.RerunOut, int, dict[str, str]]:
    url = presenting.submission_url(access.granted_submission().submission)
    out = schemas.RerunOut(id=submission_id, status=SubmissionStatus.QUEUED, run=run.number, url=url)
    return out, 202, {"Location": url}


def _source() -> Source:
    """Our own command line says who it is; everything else is a program."""
    return Source.CLI if request.headers.get("User-Agent", "").startswith("grader-cli") else Source.API


def _page(
    rows: list[schemas.SubmissionRowOut], total: int | None, query: schemas.OwnPageIn, *, more: bool
) -> schemas.PageOut:
    following = None
    if more:
        args: dict[str, Any] = query.model_dump(mode="json", exclude_defaults=True)
        args.update(limit=query.limit, offset=query.offset + query.limit)
        following = url_for(str(request.endpoint), **(request.view_args or {}), **args, _external=True)
    return schemas.PageOut(submissions=rows, total=total, limit=query.limit, offset=query.offset, next=following)
