"""Invitations to a course: instructors make links, and whoever gets one comes in by it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.audit.service import Actor
from grader.db.models import CourseInvitation, Role, User
from grader.errors import DomainError
from grader.people import invitations
from grader.people.invitations import Invited
from grader.time import utc_now
from grader.web import access, errors
from grader.web.backend import backend, settings
from grader.web.identity import session_caller
from grader.web.signing_in import sign_in_as
from grader.web.views.people import people_page

pages = Blueprint("invitations", __name__)
COURSE = "/courses/<course_slug>/people/invitations"
ADDRESS = "/invitations/<token>"


@pages.post(COURSE)
@access.allow(access.instructor_of_course)
def invite(course_slug: str) -> ResponseReturnValue:
    form = request.form
    if form.get("role", "") not in set(Role):
        return people_page(problem="Choose a role."), 422
    try:
        made = invited(form.get("email", ""), Role(form["role"]), form.get("section", ""))
    except DomainError as error:
        return people_page(problem=str(error)), errors.status_of(error)
    course, link = access.granted_course().course, link_of(made)
    return render_template("people/invited.html", course=course, invitation=made.invitation, link=link)


@pages.post(f"{COURSE}/<invitation_id>")
@access.allow(access.instructor_of_course)
def take_back(course_slug: str, invitation_id: str) -> ResponseReturnValue:
    with backend().writing() as session:
        found = found_invitation(session, invitation_id)
        invitations.take_back(session, invitation=found, by=Actor.of(access.caller_user()), now=utc_now())
    flash("The invitation is taken back: its link opens nothing any more.", "success")
    return redirect(url_for("people.people", course_slug=course_slug), 303)


@pages.get(ADDRESS)
@access.allow_anyone
def look(token: str) -> ResponseReturnValue:
    return _look(token)


@pages.post(ADDRESS)
@access.allow_anyone
def accept(token: str) -> ResponseReturnValue:
    caller, form = session_caller(), request.form
    try:
        with backend().writing() as session:
            if caller is not None:
                user = session.get_one(User, caller.user.id)
                invitations.join(session, token=token, user=user, now=utc_now())
            else:
                user = invitations.register(
                    session, token=token, name=form.get("name", ""), password=form.get("password", ""), now=utc_now()
                )
    except DomainError as error:
        return _look(token, problem=str(error)), errors.status_of(error)
    if caller is None:
        sign_in_as(user)
    return redirect(url_for("student.home"), 303)


def invited(email: str, role: Role, section: str) -> Invited:
    """To the course that was granted. Raises InvalidEmail, AlreadyInCourse."""
    course, by = access.granted_course().course, access.caller_user()
    with backend().writing() as session:
        return invitations.invite(session, course=course, email=email, role=role, section=section, by=by, now=utc_now())


def link_of(made: Invited) -> str:
    return settings().public_url + url_for("invitations.look", token=made.token)


def found_invitation(session: Session, invitation_id: str) -> CourseInvitation:
    found = session.get(CourseInvitation, invitation_id)
    if found is None or found.course_id != access.granted_course().course.id:
        raise NotFound("There is no such invitation to this course.")
    return found


def _look(token: str, problem: str = "") -> str:
    """Raises InvitationOver."""
    with backend().reading() as session:
        invitation = invitations.find(session, token, utc_now())
        return render_template(
            "people/invitation.html", invitation=invitation, problem=problem, caller=session_caller(),
            needs_sign_in=invitations.needs_sign_in(session, invitation), name=request.form.get("name", ""),
        )  # fmt: skip
