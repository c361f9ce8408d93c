"""How the course total is made, for staff; and every student's own grades with it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grader.audit.service import Actor
from grader.errors import DomainError
from grader.gradebook import total_rules
from grader.gradebook.errors import EditConflict
from grader.web import access
from grader.web.backend import backend
from grader.web.errors import status_of
from grader.web.pages.total_page import TotalForm, own_grades, total_page

pages = Blueprint("course_total", __name__, url_prefix="/courses/<course_slug>")


@pages.get("/gradebook/total")
@access.allow(access.staff_of_course)
def page(course_slug: str) -> ResponseReturnValue:
    return _page()


@pages.post("/gradebook/total")
@access.allow(access.instructor_of_course)
def change(course_slug: str) -> ResponseReturnValue:
    """Set rule and weights; what somebody else set meanwhile is shown beside it, not lost."""
    form = TotalForm.typed(request.form)
    try:
        rule, weights = form.read()
        with backend().writing() as session:
            total_rules.set_total(
                session,
                course_id=access.granted_course().course.id,
                rule=rule,
                weights=weights,
                expected=form.revision,
                by=Actor.of(access.caller_user()),
            )
    except EditConflict as error:
        return _page(form.seen(error.revision), str(error)), status_of(error)
    except DomainError as error:
        return _page(form, str(error)), status_of(error)
    flash("Saved. All totals are made by this rule from now on.", "success")
    return redirect(url_for("course_total.page", course_slug=course_slug), 303)


@pages.get("/grades")
@access.allow(access.member_of_course)
def own(course_slug: str) -> ResponseReturnValue:
    scope = access.granted_course()
    if scope.role.is_staff:
        return redirect(url_for("gradebook.page", course_slug=course_slug))
    with backend().reading() as session:
        shown = own_grades(session, scope.course, access.caller_user())
    return render_template("gradebook/own.html", page=shown)


def _page(typed: TotalForm | None = None, problem: str = "") -> str:
    with backend().reading() as session:
        shown = total_page(session, access.granted_course(), typed)
    return render_template("gradebook/total.html", page=shown, problem=problem)
