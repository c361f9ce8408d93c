"""The page of one submission, its live events, and the file that was handed in."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from grader.audit.service import Actor
from grader.gradebook import overrides
from grader.submissions import service as submissions
from grader.web import access
from grader.web.backend import backend
from grader.web.events import event_stream
from grader.web.pages.submission_page import document_title, live_state, submission_page

pages = Blueprint("submission", __name__, url_prefix="/submissions")


@pages.get("/<submission_id>")
@access.allow(access.reader_of_submission)
def page(submission_id: str) -> ResponseReturnValue:
    scope = access.granted_submission()
    with backend().reading() as session:
        shown = submission_page(session, scope)
        state = live_state(session, scope.submission, staff=scope.staff)
    title = document_title(scope.submission, state)
    return render_template("submission/page.html", page=shown, state=state, staff=scope.staff, document_title=title)


@pages.get("/<submission_id>/events")
@access.allow(access.reader_of_submission)
def events(submission_id: str) -> Response:
    return event_stream(submission_id, staff=access.granted_submission().staff)


@pages.post("/<submission_id>/choose")
@access.allow(access.author_of_submission)
def choose(submission_id: str) -> ResponseReturnValue:
    """Where the rules let the student choose: this attempt counts from now on."""
    submission, user = access.granted_submission().submission, access.caller_user()
    with backend().writing() as session:
        overrides.choose(
            session, assignment=submission.assignment, student=user, submission=submission, by=Actor.of(user)
        )
    flash(f"Attempt {submission.number} counts now.", "success")
    return redirect(url_for("submission.page", submission_id=submission_id), 303)


@pages.get("/<submission_id>/notebook.ipynb")
@access.allow(access.reader_of_submission)
def notebook(submission_id: str) -> Response:
    """What was handed in, byte for byte; always as a download, never as a page of ours."""
    submission = access.granted_submission().submission
    data = submissions.read_notebook_file(backend().blobs, submission)
    response = Response(data, mimetype="application/x-ipynb+json")
    name = f"{submission.assignment.slug}-attempt-{submission.number}.ipynb"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
