"""Seeing a course as one of its students does: begin, stop, who may."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Course, Enrolment, Role
from grader.people import viewing as service
from grader.time import utc_now
from grader.web import access, viewing
from grader.web.backend import backend
from grader.web.identity import session_caller

pages = Blueprint("viewing", __name__)
ADDRESS = "/courses/<course_slug>/view-as"


@pages.post(f"{ADDRESS}/<enrolment_id>")
@access.allow(access.viewer_of_course)
def begin(course_slug: str, enrolment_id: str) -> ResponseReturnValue:
    course, viewer = access.granted_viewed_course(), access.caller_user()
    with backend().writing() as session:
        enrolment = session.get(Enrolment, enrolment_id)
        if enrolment is None or enrolment.course_id != course.id:
            raise NotFound("There is no such person in this course.")
        begun = service.begin(session, viewer=viewer, enrolment=enrolment, now=utc_now())
    viewing.keep(begun, viewer)
    return redirect(url_for("student.home"), 303)


@pages.post("/view-as/stop")
@access.allow_anyone
def stop() -> ResponseReturnValue:
    """Back to where one began. Pressed twice, or too late, it does nothing."""
    seen, me = viewing.leave("stopped"), session_caller()
    if seen is None or me is None:
        return redirect(url_for("student.home"), 303)
    with backend().reading() as session:
        role = courses.role_of(session, user_id=me.user.id, course_id=seen.course_id)
    if role is not None and role.is_staff:
        return redirect(url_for("people.people", course_slug=seen.course.slug), 303)
    if me.user.admin:
        return redirect(url_for("viewing.choose", course=seen.course.slug), 303)
    return redirect(url_for("student.home"), 303)


@pages.post(ADDRESS)
@access.allow(access.instructor_of_course)
def assistants(course_slug: str) -> ResponseReturnValue:
    """Whether the teaching assistants of the course may look, too."""
    scope, allowed = access.granted_course(), request.form.get("assistants") == "yes"
    with backend().writing() as session:
        service.let_assistants(session, course=scope.course, allowed=allowed, by=Actor.of(access.caller_user()))
    flash("Saved.", "success")
    return redirect(url_for("people.people", course_slug=course_slug), 303)


@pages.get("/admin/view-as")
@access.allow(access.administrator)
def choose() -> ResponseReturnValue:
    """For administrators, who need not be in a course: which one, and as whom."""
    slug = request.args.get("course", "")
    with backend().reading() as session:
        every = courses.all_courses(session)
        course: Course | None = next((c for c in every if c.slug == slug), None)
        people = courses.people_of(session, course.id) if course is not None else []
    students = [enrolment for enrolment in people if enrolment.role is Role.STUDENT]
    return render_template("admin/view_as.html", courses=every, course=course, students=students)
