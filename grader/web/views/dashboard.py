"""The dashboards, and every table of theirs as CSV."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from grader.dashboard import service
from grader.db.models import Role
from grader.lms.webhooks import queries as webhooks
from grader.time import utc_now
from grader.web import access
from grader.web.backend import backend
from grader.web.pages.dashboard_page import DashboardPage, assignment_dashboard, course_dashboard
from grader.web.tables import csv_response

pages = Blueprint("dashboard", __name__)
COURSE = "/courses/<course_slug>/dashboard"
ASSIGNMENT = "/courses/<course_slug>/assignments/<slug>/dashboard"


@pages.get(COURSE)
@access.allow(access.staff_of_course)
def course(course_slug: str) -> ResponseReturnValue:
    scope = access.granted_course()
    with backend().reading() as session:
        given_up = webhooks.given_up(session, scope.course.id)
    manages = scope.role is Role.INSTRUCTOR
    return render_template("dashboard/page.html", page=_course_page(), given_up=given_up, manages=manages)


@pages.get(f"{COURSE}/<table>.csv")
@access.allow(access.staff_of_course)
def course_csv(course_slug: str, table: str) -> Response:
    return _csv(_course_page(), course_slug, table)


@pages.get(ASSIGNMENT)
@access.allow(access.staff_of_assignment)
def assignment(course_slug: str, slug: str) -> ResponseReturnValue:
    return render_template("dashboard/page.html", page=_assignment_page())


@pages.get(f"{ASSIGNMENT}/<table>.csv")
@access.allow(access.staff_of_assignment)
def assignment_csv(course_slug: str, slug: str, table: str) -> Response:
    return _csv(_assignment_page(), slug, table)


def _course_page() -> DashboardPage:
    course = access.granted_course().course
    with backend().reading() as session:
        figures = service.course_figures(session, course.id, utc_now())
    return course_dashboard(course.title, course.slug, figures)


def _assignment_page() -> DashboardPage:
    scope = access.granted_assignment()
    with backend().reading() as session:
        figures = service.assignment_figures(session, scope.assignment, utc_now())
    return assignment_dashboard(scope.assignment.title, scope.course.title, scope.course.slug, figures)


def _csv(page: DashboardPage, name: str, key: str) -> Response:
    table = page.table(key)
    if table is None:
        raise NotFound(f"The dashboard has no table {key!r}.")
    return csv_response(table, name)
