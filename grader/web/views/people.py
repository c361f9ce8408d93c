"""Who is in a course: roles, sections, and rosters from a file, shown before anything is done."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Enrolment, Role
from grader.errors import DomainError
from grader.people import invitations, service, viewing
from grader.people.roster import read_roster
from grader.time import utc_now
from grader.web import access, errors, formats
from grader.web.backend import backend

pages = Blueprint("people", __name__)
ADDRESS = "/courses/<course_slug>/people"


@pages.get(ADDRESS)
@access.allow(access.staff_of_course)
def people(course_slug: str) -> ResponseReturnValue:
    return people_page()


@pages.post(f"{ADDRESS}/<enrolment_id>")
@access.allow(access.instructor_of_course)
def change(course_slug: str, enrolment_id: str) -> ResponseReturnValue:
    course, role = access.granted_course().course, request.form.get("role", "")
    if role not in set(Role):
        return people_page(problem="Choose a role."), 422
    try:
        with backend().writing() as session:
            service.change(
                session, course=course, enrolment=found_person(session, enrolment_id), role=Role(role),
                section=request.form.get("section", ""), by=Actor.of(access.caller_user()),
            )  # fmt: skip
    except DomainError as error:
        return people_page(problem=str(error)), errors.status_of(error)
    flash("Changed.", "success")
    return redirect(url_for("people.people", course_slug=course_slug), 303)


@pages.post(f"{ADDRESS}/roster")
@access.allow(access.instructor_of_course)
def roster(course_slug: str) -> ResponseReturnValue:
    """First what the file would do; with `confirmed`, do it. The text travels in the form between the two."""
    course = access.granted_course().course
    upload = request.files.get("roster")
    data = upload.read() if upload is not None else request.form.get("text", "").encode()
    try:
        lines = read_roster(data)
        if request.form.get("confirmed") == "yes":
            with backend().writing() as session:
                done = service.apply(session, course=course, lines=lines, by=Actor.of(access.caller_user()))
                service.tell_synced(session, course=course, source="file", changed=done)
            flash(f"{formats.count(done, 'person', 'people')} added or changed.", "success")
            return redirect(url_for("people.people", course_slug=course_slug), 303)
    except DomainError as error:
        return people_page(problem=str(error)), errors.status_of(error)
    with backend().reading() as session:
        steps = service.preview(session, course=course, lines=lines)
    wrong = [step for step in steps if step.what == "skipped"]
    text = data.decode("utf-8-sig", "replace") if _is_utf8(data) else data.decode("cp1252")
    return render_template(
        "people/roster.html", course=course, steps=steps, wrong=wrong, text=text,
        acting=sum(step.acts for step in steps),
    )  # fmt: skip


def found_person(session: Session, enrolment_id: str) -> Enrolment:
    found = session.get(Enrolment, enrolment_id)
    if found is None or found.course_id != access.granted_course().course.id:
        raise NotFound("There is no such person in this course.")
    return found


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def people_page(*, problem: str = "") -> str:
    scope = access.granted_course()
    section = request.args.get("section", "")
    with backend().reading() as session:
        everybody = courses.people_of(session, scope.course.id)
        invited = invitations.open_ones(session, scope.course.id, utc_now())
        may_view = viewing.may_view(session, viewer=access.caller_user(), course=scope.course)
    sections = sorted({e.section for e in everybody if e.section})
    found = [e for e in everybody if section in ("", e.section)]
    return render_template(
        "people/people.html", course=scope.course, found=found, sections=sections, section=section,
        total=len(everybody), may_change=scope.role is Role.INSTRUCTOR, may_view=may_view, roles=list(Role),
        problem=problem, invited=invited,
    )  # fmt: skip
