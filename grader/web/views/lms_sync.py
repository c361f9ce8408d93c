"""Grades that go to a learning platform: what became of each, for the staff of the course."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from grader.audit.service import Actor
from grader.db.models import Role
from grader.lms.lti import sync_overview, sync_service
from grader.time import utc_now
from grader.web import access, formats
from grader.web.backend import backend
from grader.web.pages.lms_sync_page import course_page, sync_page
from grader.web.paging import page_number

pages = Blueprint("lms_sync", __name__)
COURSE = "/courses/<course_slug>/platform-grades"
ADDRESS = "/courses/<course_slug>/assignments/<slug>/platform-grades"


@pages.get(COURSE)
@access.allow(access.staff_of_course)
def course(course_slug: str) -> ResponseReturnValue:
    scope = access.granted_course()
    with backend().reading() as session:
        shown = course_page(session, scope.course)
    return render_template("lms_sync/course.html", page=shown, may_change=scope.role is Role.INSTRUCTOR)


@pages.post(f"{COURSE}/<context_id>/drafts")
@access.allow(access.instructor_of_course)
def drafts(course_slug: str, context_id: str) -> ResponseReturnValue:
    send_drafts(context_id, request.form.get("drafts") == "yes")
    flash("Saved.", "success")
    return redirect(url_for("lms_sync.course", course_slug=course_slug), 303)


@pages.get(ADDRESS)
@access.allow(access.staff_of_assignment)
def grades(course_slug: str, slug: str) -> ResponseReturnValue:
    scope = access.granted_assignment()
    number = page_number()
    with backend().reading() as session:
        shown = sync_page(session, scope.course, scope.assignment, request.args.get("state", ""), number)
    return render_template("lms_sync/grades.html", page=shown)


@pages.post(f"{ADDRESS}/send")
@access.allow(access.staff_of_assignment)
def send_failed(course_slug: str, slug: str) -> ResponseReturnValue:
    count = send_failed_again()
    flash(f"{formats.count(count, 'grade')} will be sent again within seconds.", "success")
    return _back(course_slug, slug)


@pages.post(f"{ADDRESS}/<cell_id>/send")
@access.allow(access.staff_of_assignment)
def send(course_slug: str, slug: str, cell_id: str) -> ResponseReturnValue:
    send_one_again(cell_id)
    flash("It is being sent again; what the platform answers stands here in a few seconds.", "success")
    return _back(course_slug, slug)


def send_failed_again() -> int:
    assignment = access.granted_assignment().assignment
    with backend().writing() as session:
        return sync_service.send_failed_again(session, assignment.id, by=_actor(), now=utc_now())


def send_one_again(cell_id: str) -> None:
    """Raises NotFound, NothingToSend."""
    assignment = access.granted_assignment().assignment
    with backend().writing() as session:
        cell = sync_overview.cell_of(session, cell_id, assignment.id)
        if cell is None:
            raise NotFound("There is no such grade of this assignment.")
        sync_service.send_again(session, cell, by=_actor(), now=utc_now())


def send_drafts(context_id: str, drafts: bool) -> None:
    """Raises NotFound."""
    with backend().writing() as session:
        context = sync_overview.context_of(session, context_id, access.granted_course().course.id)
        if context is None:
            raise NotFound("There is no such course of a learning platform here.")
        sync_service.send_drafts(session, context, drafts=drafts, by=_actor(), now=utc_now())


def _back(course_slug: str, slug: str) -> ResponseReturnValue:
    state = request.form.get("state") or None
    return redirect(url_for("lms_sync.grades", course_slug=course_slug, slug=slug, state=state), 303)


def _actor() -> Actor:
    return Actor.of(access.caller_user())
