"""Groups that hand in together: seen by staff, formed by instructors, or by students where the rules allow it."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grader.audit.service import Actor
from grader.errors import DomainError
from grader.groups import service
from grader.groups.errors import InvalidGroup
from grader.groups.files import read_groups, student_named
from grader.groups.rules import GroupRules
from grader.people.roster import MOST_BYTES
from grader.web import access, formats
from grader.web.backend import backend
from grader.web.errors import status_of
from grader.web.pages.groups_page import GroupForm, group_rows, groups_page, groups_table
from grader.web.tables import csv_response

pages = Blueprint("groups", __name__, url_prefix="/courses/<course_slug>/assignments/<slug>")


@pages.get("/groups")
@access.allow(access.staff_of_assignment)
def page(course_slug: str, slug: str) -> ResponseReturnValue:
    return _page()


@pages.get("/groups.csv")
@access.allow(access.staff_of_assignment)
def csv(course_slug: str, slug: str) -> Response:
    with backend().reading() as session:
        rows = group_rows(session, access.granted_assignment().assignment)
    return csv_response(groups_table(rows), slug)


@pages.post("/groups/rules")
@access.allow(access.instructor_of_assignment)
def rules(course_slug: str, slug: str) -> ResponseReturnValue:
    most = request.form.get("most", "").strip()
    try:
        if not most.isdecimal() or len(most) > 3:
            raise InvalidGroup(f"{most[:20]!r} is not a whole number of members.")
        form = request.form
        wanted = GroupRules(int(most), form.get("by_students") == "yes", form.get("share_extensions") == "yes")
        with backend().writing() as session:
            service.set_rules(
                session,
                assignment_id=access.granted_assignment().assignment.id,
                rules=wanted if form.get("together") == "yes" else None,
                by=Actor.of(access.caller_user()),
            )
    except DomainError as error:
        return _page(str(error)), status_of(error)
    flash("The rules for groups are saved.", "success")
    return _back()


@pages.post("/groups")
@access.allow(access.instructor_of_assignment)
def put(course_slug: str, slug: str) -> ResponseReturnValue:
    """One group with these members, or all groups of a file."""
    typed = GroupForm(request.form.get("name", ""), request.form.get("members", ""))
    upload = request.files.get("file")
    try:
        with backend().writing() as session:
            if upload is not None and upload.filename:
                wanted = read_groups(session, upload.read(MOST_BYTES + 1))
            else:
                name = " ".join(typed.name.split())
                wanted = {name: [student_named(session, mail.lower()) for mail in typed.members.split()]}
            changed = service.put(
                session,
                assignment=access.granted_assignment().assignment,
                groups=wanted,
                by=Actor.of(access.caller_user()),
            )
    except DomainError as error:
        return _page(str(error), typed), status_of(error)
    flash(f"{formats.count(changed, 'group')} changed.", "success")
    return _back()


@pages.post("/own-group")
@access.allow(access.student_of_assignment)
def own(course_slug: str, slug: str) -> ResponseReturnValue:
    """A student starts a group, joins one with its code, or leaves."""
    user, assignment, form = access.caller_user(), access.granted_assignment().assignment, request.form
    by, what = Actor.of(user), form.get("what", "")
    try:
        with backend().writing() as session:
            if what == "leave":
                service.leave(session, assignment=assignment, student=user, by=by)
                said = "You have left the group."
            elif what == "join":
                group = service.join(session, assignment=assignment, student=user, code=form.get("code", ""), by=by)
                said = f"You are in the group {group.name} now."
            else:
                group = service.found(session, assignment=assignment, student=user, name=form.get("name", ""), by=by)
                said = f"The group {group.name} is there. Tell its code to those who are to join."
        flash(said, "success")
    except DomainError as error:
        flash(str(error), "error")
    return redirect(url_for("student.assignment", course_slug=course_slug, slug=slug), 303)


def _page(problem: str = "", form: GroupForm | None = None) -> str:
    with backend().reading() as session:
        shown = groups_page(session, access.granted_assignment(), form)
    return render_template("groups/page.html", page=shown, problem=problem)


def _back() -> ResponseReturnValue:
    return redirect(url_for("groups.page", **(request.view_args or {})), 303)
