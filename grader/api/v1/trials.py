"""Trials through the API: run again without consequence, see what would change, then apply or drop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints
from werkzeug.exceptions import NotFound

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, CourseIn, Out
from grader.db.models import TrialStatus
from grader.trials import queries
from grader.trials import service as trials
from grader.web import access
from grader.web.backend import backend


class TrialIn(Body):
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
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


class TrialRowOut(Out):
    id: str
    status: TrialStatus
    reason: str
    created_at: datetime


class TrialsOut(Out):
    trials: list[TrialRowOut]


@api.get("/assignments/<slug>/trials")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(TrialsOut)
@api.doc(summary="Trials of an assignment", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def listed_trials(slug: str, query: CourseIn) -> TrialsOut:
    with backend().reading() as session:
        found = queries.of_assignment(session, access.granted_assignment().assignment.id)
        return TrialsOut(trials=[TrialRowOut.model_validate(one) for one in found])


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
    return _decided(trial_id, trials.apply)


@api.post("/assignments/<slug>/trials/<trial_id>/drop")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(TrialOut)
@api.doc(summary="Drop a trial", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def drop_trial(slug: str, trial_id: str, query: CourseIn) -> TrialOut:
    return _decided(trial_id, trials.drop)


def _decided(trial_id: str, act: Callable[..., object]) -> TrialOut:
    _trial_out(trial_id)  # which is one of this assignment
    with backend().writing() as session:
        act(session, trial_id=trial_id, by=access.caller_user())
    return _trial_out(trial_id)


def _trial_out(trial_id: str) -> TrialOut:
    with backend().reading() as session:
        found = queries.get(session, trial_id)
        if found is None or found.assignment_id != access.granted_assignment().assignment.id:
            raise NotFound("There is no such trial of this assignment.")
        rows = queries.compared(session, trial_id)
    return TrialOut(
        id=found.id,
        status=found.status,
        reason=found.reason,
        created_at=found.created_at,
        submissions=len(rows),
        done=sum(row.done for row in rows),
        changed=[ComparedOut.model_validate(row) for row in rows if row.differs],
    )
