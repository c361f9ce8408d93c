"""Regrade requests through the API."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field
from werkzeug.exceptions import NotFound

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, In, Out
from grader.db.models import RegradeRequest, RegradeStatus
from grader.regrades import queries, service
from grader.web import access
from grader.web.access import SUBMIT
from grader.web.backend import backend
from grader.web.views.regrades import require_own, shown_check, take_back


class RegradeOut(Out):
    id: str
    submission_id: str
    check_key: str
    asked: str
    status: RegradeStatus
    points_before: float
    points_after: float | None
    reply: str
    created_at: datetime
    replied_at: datetime | None


class RegradesOut(Out):
    requests: list[RegradeOut]


class AskIn(Body):
    text: str = Field(max_length=service.MOST_TEXT)


class AnswerIn(Body):
    reply: str = Field(max_length=service.MOST_TEXT)
    points: float | None = Field(None, ge=0, le=1e6, description="Left out: the points stay.")


class RegradesIn(In):
    show: str = Field("open", pattern="^(open|all)$")
    limit: int = Field(50, ge=1, le=200)
    offset: int = Field(0, ge=0, le=1_000_000)


@api.post("/submissions/<submission_id>/regrades/<key>")
@access.allow_token(access.reader_of_submission, scope=SUBMIT)
@api.input(AskIn, location="json", arg_name="body")
@api.output(RegradeOut, status_code=201)
@api.doc(summary="Ask for a regrade", tags=["Submissions"], security=SECURITY, responses=problems(404, 409, 422))
def ask_regrade(submission_id: str, key: str, body: AskIn) -> RegradeOut:
    scope = access.granted_submission()
    require_own()
    with backend().writing() as session:
        shown_check(session, scope, key)
        made = service.ask(session, submission_id=submission_id, key=key, text=body.text, by=access.caller_user())
    return RegradeOut.model_validate(made)


@api.delete("/submissions/<submission_id>/regrades/<key>")
@access.allow_token(access.reader_of_submission, scope=SUBMIT)
@api.output({}, status_code=204)
@api.doc(summary="Take your question back", tags=["Submissions"], security=SECURITY, responses=problems(404, 409))
def withdraw_regrade(submission_id: str, key: str) -> str:
    take_back(submission_id, key)
    return ""


@api.get("/submissions/<submission_id>/regrades")
@access.allow_token(access.reader_of_submission)
@api.output(RegradesOut)
@api.doc(summary="Requests about a submission", tags=["Submissions"], security=SECURITY, responses=problems(404))
def submission_regrades(submission_id: str) -> RegradesOut:
    with backend().reading() as session:
        return _out(queries.of_submission(session, submission_id))


@api.get("/courses/<course_slug>/regrades")
@access.allow_token(access.staff_of_course, scope=STAFF)
@api.input(RegradesIn, location="query", arg_name="query")
@api.output(RegradesOut)
@api.doc(summary="Regrade requests of a course", tags=["Staff"], security=SECURITY, responses=problems(404, 422))
def course_regrades(course_slug: str, query: RegradesIn) -> RegradesOut:
    with backend().reading() as session:
        found = queries.of_course(
            session, access.granted_course().course.id, only_open=query.show == "open", limit=query.limit,
            offset=query.offset,
        )  # fmt: skip
        return _out(found)


@api.post("/courses/<course_slug>/regrades/<request_id>/answer")
@access.allow_token(access.staff_of_course, scope=STAFF)
@api.input(AnswerIn, location="json", arg_name="body")
@api.output(RegradeOut)
@api.doc(summary="Answer a regrade request", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def answer_regrade(course_slug: str, request_id: str, body: AnswerIn) -> RegradeOut:
    with backend().writing() as session:
        if queries.get(session, request_id, access.granted_course().course.id) is None:
            raise NotFound("There is no such request in this course.")
        made = service.answer(
            session, request_id=request_id, reply=body.reply, points=body.points, by=access.caller_user()
        )
    return RegradeOut.model_validate(made)


def _out(found: list[RegradeRequest]) -> RegradesOut:
    return RegradesOut(requests=[RegradeOut.model_validate(request) for request in found])
