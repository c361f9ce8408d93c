"""Invitations to a course, through the API. People accept them in a browser."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, Out
from grader.audit.service import Actor
from grader.db.models import CourseInvitation, Role
from grader.people import invitations
from grader.time import utc_now
from grader.web import access
from grader.web.backend import backend
from grader.web.views.invitations import found_invitation, invited, link_of


class InvitationIn(Body):
    email: str = Field(max_length=254)
    role: Role = Role.STUDENT
    section: str = Field("", max_length=100)


class InvitationOut(Out):
    id: str
    email: str
    role: Role
    section: str
    expires_at: datetime


class NewInvitationOut(InvitationOut):
    link: str = Field(description="For its person alone; told this once.")


class InvitationsOut(Out):
    invitations: list[InvitationOut]


@api.get("/courses/<course_slug>/invitations")
@access.allow_token(access.staff_of_course, scope=STAFF)
@api.output(InvitationsOut)
@api.doc(summary="Open invitations to a course", tags=["Staff"], security=SECURITY, responses=problems(404))
def course_invitations(course_slug: str) -> InvitationsOut:
    with backend().reading() as session:
        found = invitations.open_ones(session, access.granted_course().course.id, utc_now())
    return InvitationsOut(invitations=[InvitationOut.model_validate(one) for one in found])


@api.post("/courses/<course_slug>/invitations")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.input(InvitationIn, location="json", arg_name="body")
@api.output(NewInvitationOut, status_code=201)
@api.doc(summary="Invite a person", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def invite(course_slug: str, body: InvitationIn) -> NewInvitationOut:
    made = invited(body.email, body.role, body.section)
    shown = InvitationOut.model_validate(made.invitation).model_dump()
    return NewInvitationOut(**shown, link=link_of(made))


@api.delete("/courses/<course_slug>/invitations/<invitation_id>")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.output({}, status_code=204)
@api.doc(summary="Take an invitation back", tags=["Staff"], security=SECURITY, responses=problems(404))
def take_invitation_back(course_slug: str, invitation_id: str) -> str:
    with backend().writing() as session:
        found: CourseInvitation = found_invitation(session, invitation_id)
        invitations.take_back(session, invitation=found, by=Actor.of(access.caller_user()), now=utc_now())
    return ""
