"""The people of a course, and rosters, through the API."""

from __future__ import annotations

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, Out
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Role
from grader.people import service
from grader.people.roster import MOST_BYTES, read_roster
from grader.web import access
from grader.web.backend import backend


class PersonOut(Out):
    name: str
    email: str
    role: Role
    section: str


class PeopleOut(Out):
    people: list[PersonOut]


class RosterIn(Body):
    csv: str = Field(max_length=MOST_BYTES, description="The first line names the columns: email, name, section, role.")
    apply: bool = Field(False, description="False: only tell what would happen.")


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
    people = [PersonOut(name=e.user.name, email=e.user.email, role=e.role, section=e.section) for e in found]
    return PeopleOut(people=people)


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
