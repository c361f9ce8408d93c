"""The people of a course, and rosters, through the API."""

from __future__ import annotations

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, Out
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Enrolment, Role
from grader.people import service, viewing
from grader.people.roster import MOST_BYTES, read_roster
from grader.web import access
from grader.web.backend import backend
from grader.web.views.people import found_person


class PersonOut(Out):
    id: str = Field(description="Of the person in this course.")
    name: str
    email: str
    role: Role
    section: str


class PeopleOut(Out):
    people: list[PersonOut]


class RosterIn(Body):
    csv: str = Field(max_length=MOST_BYTES, description="The first line names the columns: email, name, section, role.")
    apply: bool = Field(False, description="False: only tell what would happen.")


class PlaceIn(Body):
    role: Role
    section: str = Field("", max_length=100)


class ViewersIn(Body):
    assistants: bool = Field(description="Teaching assistants too; otherwise instructors alone.")


class StepOut(Out):
    line: int
    email: str
    what: str
    detail: str


class RosterOut(Out):
    applied: bool
    steps: list[StepOut]


@api.get("/courses/<course_slug>/people")
@access.allow_token(access.staff_of_course, scope=STAFF)
@api.output(PeopleOut)
@api.doc(summary="People of a course", tags=["Staff"], security=SECURITY, responses=problems(404))
def course_people(course_slug: str) -> PeopleOut:
    with backend().reading() as session:
        found = courses.people_of(session, access.granted_course().course.id)
    return PeopleOut(people=[_person(enrolment) for enrolment in found])


@api.put("/courses/<course_slug>/people/<enrolment_id>")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.input(PlaceIn, location="json", arg_name="body")
@api.output(PersonOut)
@api.doc(
    summary="Change a person's role and section", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422)
)
def change_person(course_slug: str, enrolment_id: str, body: PlaceIn) -> PersonOut:
    with backend().writing() as session:
        found = found_person(session, enrolment_id)
        course = access.granted_course().course
        by = Actor.of(access.caller_user())
        service.change(session, course=course, enrolment=found, role=body.role, section=body.section, by=by)
        return _person(found)


@api.post("/courses/<course_slug>/people/roster")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.input(RosterIn, location="json", arg_name="body")
@api.output(RosterOut)
@api.doc(summary="Add people from a roster", tags=["Staff"], security=SECURITY, responses=problems(404, 422))
def import_roster(course_slug: str, body: RosterIn) -> RosterOut:
    course, lines = access.granted_course().course, read_roster(body.csv.encode("utf-8", "replace"))
    with backend().writing() as session:
        steps = service.preview(session, course=course, lines=lines)
        if body.apply:
            done = service.apply(session, course=course, lines=lines, by=Actor.of(access.caller_user()))
            service.tell_synced(session, course=course, source="file", changed=done)
    shown = [StepOut(line=s.line.number, email=s.line.email, what=s.what, detail=s.detail) for s in steps]
    return RosterOut(applied=body.apply, steps=shown)


@api.get("/courses/<course_slug>/view-as")
@access.allow_token(access.staff_of_course, scope=STAFF)
@api.output(ViewersIn)
@api.doc(summary="Who may see the course as a student", tags=["Staff"], security=SECURITY, responses=problems(404))
def viewers(course_slug: str) -> ViewersIn:
    return ViewersIn(assistants=access.granted_course().course.assistants_may_view)


@api.put("/courses/<course_slug>/view-as")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.input(ViewersIn, location="json", arg_name="body")
@api.output(ViewersIn)
@api.doc(
    summary="Set who may see the course as a student", tags=["Staff"], security=SECURITY, responses=problems(404, 422)
)
def set_viewers(course_slug: str, body: ViewersIn) -> ViewersIn:
    course, by = access.granted_course().course, Actor.of(access.caller_user())
    with backend().writing() as session:
        viewing.let_assistants(session, course=course, allowed=body.assistants, by=by)
    return body


def _person(enrolment: Enrolment) -> PersonOut:
    return PersonOut(
        id=enrolment.id,
        name=enrolment.user.name,
        email=enrolment.user.email,
        role=enrolment.role,
        section=enrolment.section,
    )
