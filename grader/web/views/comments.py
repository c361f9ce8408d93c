"""Comments from staff on a submission."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from grader.comments import service
from grader.db.models import Submission
from grader.errors import DomainError
from grader.web import access
from grader.web.backend import backend
from grader.web.errors import status_of
from grader.web.views.submission import show_page

pages = Blueprint("comments", __name__, url_prefix="/submissions/<submission_id>/comments")


@pages.post("")
@access.allow(access.staff_of_submission)
def add(submission_id: str) -> ResponseReturnValue:
    scope, text, key = access.granted_submission(), request.form.get("text", ""), request.form.get("check", "")
    try:
        with backend().writing() as session:
            submission = session.get_one(Submission, submission_id)
            author = access.caller_user()
            service.add(session, submission=submission, key=key, text=text, author=author, role=scope.role)
    except DomainError as error:
        return show_page(problem=str(error), comment=text), status_of(error)
    flash("Your comment is there. Who handed this in can read it.", "success")
    return _back(submission_id)


@pages.post("/<comment_id>")
@access.allow(access.staff_of_submission)
def change(submission_id: str, comment_id: str) -> ResponseReturnValue:
    """Change the text, or take the comment back."""
    by, form = access.caller_user(), request.form
    try:
        with backend().writing() as session:
            if form.get("what") == "remove":
                service.remove(session, submission_id=submission_id, comment_id=comment_id, by=by)
                said = "The comment is taken back."
            else:
                seen, text = form.get("revision", 0, type=int), form.get("text", "")
                service.edit(
                    session, submission_id=submission_id, comment_id=comment_id, text=text, expected=seen, by=by
                )
                said = "The comment is changed."
    except DomainError as error:
        return show_page(problem=str(error), comment=form.get("text", "")), status_of(error)
    flash(said, "success")
    return _back(submission_id)


def _back(submission_id: str) -> ResponseReturnValue:
    return redirect(url_for("submission.page", submission_id=submission_id) + "#comments", 303)
