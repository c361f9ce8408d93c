"""Grades that go to a learning platform, through the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, CourseIn, Out, OwnPageIn
from grader.db.models import LtiGradeSync, SyncState
from grader.lms.lti import queries, sync_overview
from grader.web import access
from grader.web.backend import backend
from grader.web.views.lms_sync import send_drafts, send_failed_again, send_one_again

ADDRESS = "/assignments/<slug>/platform-grades"
COURSE = "/courses/<course_slug>/platform-grades"


class PlatformGradeOut(Out):
    id: str
    student_id: str
    platform: str
    state: SyncState
    wanted_score: float | None = Field(description="Null: the grade was taken back.")
    wanted_maximum: float | None
    draft: bool
    acked_score: float | None = Field(description="What the platform acknowledged last.")
    read_score: float | None = Field(description="What the platform showed when it was read last.")
    read_maximum: float | None
    read_at: datetime | None
    tries: int
    last_try_at: datetime | None
    next_try_at: datetime | None
    last_status: int | None
    excerpt: str = Field(description="How the platform's last answer begins.")
    problem: str
    difference: str = Field(description="How what was read differs from what was sent; empty: it does not.")


class PlatformGradesOut(Out):
    grades: list[PlatformGradeOut]
    counts: dict[str, int] = Field(description="By state, of the whole assignment.")


class PlatformGradesIn(OwnPageIn):
    state: SyncState | None = None


class SentOut(Out):
    grades: int


class PlaceOut(Out):
    id: str
    platform: str
    title: str
    sends_drafts: bool


class PlacesOut(Out):
    places: list[PlaceOut]
    differences: list[PlatformGradeOut]


class DraftsIn(Body):
    drafts: bool = Field(description="Whether grades go there while students do not see them here.")


@api.get(ADDRESS)
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(PlatformGradesIn, location="query", arg_name="query")
@api.output(PlatformGradesOut)
@api.doc(
    summary="Grades on the learning platform", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422)
)
def platform_grades(slug: str, query: PlatformGradesIn) -> PlatformGradesOut:
    assignment = access.granted_assignment().assignment
    states = None if query.state is None else (query.state,)
    with backend().reading() as session:
        found = sync_overview.cells(session, assignment.id, states, limit=query.limit, offset=query.offset)
        counts = sync_overview.counts(session, [assignment.id])[assignment.id]
    return PlatformGradesOut(grades=_grades(found), counts={state.value: n for state, n in counts.items()})


@api.post(f"{ADDRESS}/send")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(SentOut, status_code=202)
@api.doc(summary="Send again what failed", tags=["Staff"], security=SECURITY, responses=problems(404, 409))
def send_platform_grades(slug: str, query: CourseIn) -> SentOut:
    return SentOut(grades=send_failed_again())


@api.post(f"{ADDRESS}/<grade_id>/send")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(SentOut, status_code=202)
@api.doc(summary="Send one grade again", tags=["Staff"], security=SECURITY, responses=problems(404, 409))
def send_platform_grade(slug: str, grade_id: str, query: CourseIn) -> SentOut:
    send_one_again(grade_id)
    return SentOut(grades=1)


@api.get(COURSE)
@access.allow_token(access.staff_of_course, scope=STAFF)
@api.output(PlacesOut)
@api.doc(summary="Learning platforms and differences", tags=["Staff"], security=SECURITY, responses=problems(404))
def platforms_of_course(course_slug: str) -> PlacesOut:
    course = access.granted_course().course
    with backend().reading() as session:
        places = queries.contexts_of_course(session, course.id)
        differing = sync_overview.differences(session, course.id, 200)
    return PlacesOut(
        places=[
            PlaceOut(id=c.id, platform=c.deployment.registration.name, title=c.title, sends_drafts=c.sends_drafts)
            for c in places
        ],
        differences=_grades(differing),
    )


@api.put(f"{COURSE}/<context_id>/drafts")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.input(DraftsIn, location="json", arg_name="body")
@api.output({}, status_code=204)
@api.doc(summary="Send hidden grades or not", tags=["Staff"], security=SECURITY, responses=problems(404, 422))
def platform_drafts(course_slug: str, context_id: str, body: DraftsIn) -> str:
    send_drafts(context_id, body.drafts)
    return ""


def _grades(found: list[LtiGradeSync]) -> list[PlatformGradeOut]:
    return [PlatformGradeOut.model_validate(_fields(cell)) for cell in found]


def _fields(cell: LtiGradeSync) -> dict[str, Any]:
    own = {name: getattr(cell, name) for name in PlatformGradeOut.model_fields if hasattr(cell, name)}
    platform = cell.line_item.context.deployment.registration.name
    return {**own, "student_id": cell.user_id, "platform": platform, "draft": cell.wanted_draft}
