"""What teaching staff do: look through the submissions of an assignment, open one, grade one or many again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grader.audit.service import Actor
from grader.grading import rerunning
from grader.submissions import queries
from grader.web import access
from grader.web.backend import backend
from grader.web.forms import RerunForm
from grader.web.pages.staff_page import FilterForm, staff_page
from grader.web.paging import page_number
from grader.web.rerun_words import rerun_words

pages = Blueprint("staff", __name__)
ADDRESS = "/courses/<course_slug>/assignments/<slug>/submissions"


@pages.get(ADDRESS)
@access.allow(access.staff_of_assignment)
def submissions(course_slug: str, slug: str) -> ResponseReturnValue:
    number = page_number()
    with backend().reading() as session:
        page = staff_page(session, access.granted_assignment(), FilterForm.of(request.args), number)
    return render_template("staff/submissions.html", page=page)


@pages.post("/submissions/<submission_id>/rerun")
@access.allow(access.staff_of_submission)
def rerun_one(submission_id: str) -> ResponseReturnValue:
    actor = Actor.of(access.caller_user())
    with backend().writing() as session:
        rerunning.rerun(session, submission_ids=[submission_id], by=actor, reason="asked for on its page", release=True)
    flash("It is being graded again.", "success")
    return redirect(url_for("submission.page", submission_id=submission_id), 303)


@pages.get(f"{ADDRESS}/rerun")
@access.allow(access.staff_of_assignment)
def rerun_many(course_slug: str, slug: str) -> ResponseReturnValue:
    return _confirm(RerunForm(formdata=None), FilterForm.of(request.args))


@pages.post(f"{ADDRESS}/rerun")
@access.allow(access.staff_of_assignment)
def rerun_many_send(course_slug: str, slug: str) -> ResponseReturnValue:
    """Grade again all that the filter finds, if it still finds as many as the person agreed to."""
    scope, filters, form = access.granted_assignment(), FilterForm.of(request.args), RerunForm()
    if not form.validate():
        return _confirm(form, filters), 422
    actor = Actor.of(access.caller_user())
    with backend().writing() as session:
        ids = queries.ids_of(session, filters.query(scope.assignment.id))
        if len(ids) == form.expected.data and ids:
            again = rerunning.rerun(session, submission_ids=ids, by=actor, reason=form.reason.data.strip())
    if len(ids) != form.expected.data or not ids:
        return _confirm(form, filters, changed=True), 409
    flash(rerun_words(again), "success")
    return redirect(url_for("staff.submissions", course_slug=course_slug, slug=slug, **filters.args()), 303)


def _confirm(form: RerunForm, filters: FilterForm, *, changed: bool = False) -> str:
    scope = access.granted_assignment()
    with backend().reading() as session:
        total = queries.find(session, filters.query(scope.assignment.id), limit=1).total
    address: dict[str, Any] = {"course_slug": scope.course.slug, "slug": scope.assignment.slug, **filters.args()}
    return render_template(
        "staff/rerun.html",
        form=form,
        scope=scope,
        filters=filters,
        total=total,
        changed=changed,
        back_url=url_for("staff.submissions", **address),
        here_url=url_for("staff.rerun_many", **address),
    )
