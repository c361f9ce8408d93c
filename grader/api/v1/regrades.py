"""Regrade requests and trials through the API."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field
from werkzeug.exceptions import NotFound

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, CourseIn, In, Out
from grader.db.models import RegradeRequest, RegradeStatus, TrialStatus
from grader.regrades import queries, service
from grader.trials import queries as trial_queries
from grader.trials import service as trials
from grader.web import access
from grader.web.access import SUBMIT
from grader.web.backend import backend
from grader.web.problems import NoAccess
from grader.web.views.regrades import shown_check


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


class TrialIn(Body):
    reason: str = Field(min_length=1, max_length=500)
    every: bool = Field(False, description="All graded submissions, not only those that count.")


class ChangeOut(Out):
    title: str
    before: float | None
    after: float | None
    message: str


class ComparedOut(Out):
    submission_id: str
    student: str
    attempt: int
    before: float | None
    after: float | None
    done: bool
    changes: list[ChangeOut]


class TrialOut(Out):
    id: str
    status: TrialStatus
    reason: str
    created_at: datetime
    submissions: int
    done: int
    changed: list[ComparedOut]


@api.post("/submissions/<submission_id>/regrades/<key>")
@access.allow_token(access.reader_of_submission, scope=SUBMIT)
@api.input(AskIn, location="json", arg_name="body")
@api.output(RegradeOut, status_code=201)
@api.doc(summary="Ask for a regrade", tags=["Submissions"], security=SECURITY, responses=problems(404, 409, 422))
def ask_regrade(submission_id: str, key: str, body: AskIn) -> RegradeOut:
    scope = access.granted_submission()
    if not scope.own:
        raise NoAccess("Only the student who handed this in can do this.")
    with backend().writing() as session:
        shown_check(session, scope, key)
        made = service.ask(session, submission_id=submission_id, key=key, text=body.text, by=access.caller_user())
    return RegradeOut.model_validate(made)


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


@api.post("/assignments/<slug>/trials")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(TrialIn, location="json", arg_name="body")
@api.output(TrialOut, status_code=201)
@api.doc(summary="Run again without consequence", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def begin_trial(slug: str, query: CourseIn, body: TrialIn) -> TrialOut:
    assignment = access.granted_assignment().assignment
    with backend().writing() as session:
        made = trials.begin(
            session, assignment=assignment, every=body.every, reason=body.reason, by=access.caller_user()
        )
    return _trial_out(made.id)


@api.get("/assignments/<slug>/trials/<trial_id>")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(TrialOut)
@api.doc(summary="What a trial would change", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def trial(slug: str, trial_id: str, query: CourseIn) -> TrialOut:
    return _trial_out(trial_id)


@api.post("/assignments/<slug>/trials/<trial_id>/apply")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(TrialOut)
@api.doc(summary="Let a trial's results count", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def apply_trial(slug: str, trial_id: str, query: CourseIn) -> TrialOut:
    _trial_out(trial_id)
    with backend().writing() as session:
        trials.apply(session, trial_id=trial_id, by=access.caller_user())
    return _trial_out(trial_id)


@api.post("/assignments/<slug>/trials/<trial_id>/drop")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(TrialOut)
@api.doc(summary="Drop a trial", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def drop_trial(slug: str, trial_id: str, query: CourseIn) -> TrialOut:
    _trial_out(trial_id)
    with backend().writing() as session:
        trials.drop(session, trial_id=trial_id, by=access.caller_user())
    return _trial_out(trial_id)


def _out(found: list[RegradeRequest]) -> RegradesOut:
    return RegradesOut(requests=[RegradeOut.model_validate(request) for request in found])


def _trial_out(trial_id: str) -> TrialOut:
    with backend().reading() as session:
        found = trial_queries.get(session, trial_id)
        if found is None or found.assignment_id != access.granted_assignment().assignment.id:
            raise NotFound("There is no such trial of this assignment.")
        rows = trial_queries.compared(session, trial_id)
    return TrialOut(
        id=found.id,
        status=found.status,
        reason=found.reason,
        created_at=found.created_at,
        submissions=len(rows),
        done=sum(row.done for row in rows),
        changed=[ComparedOut.model_validate(row) for row in rows if row.differs],
    )
