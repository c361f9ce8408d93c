"""The page of one submission, its live events, and the file that was handed in."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from grader.api.v1.presenting import submission_out
from grader.audit.service import Actor
from grader.gradebook import overrides
from grader.retention import removed
from grader.submissions import service as submissions
from grader.web import access
from grader.web.backend import backend
from grader.web.downloads import REPORT_STYLE, json_bytes, receipt_of
from grader.web.events import event_stream
from grader.web.notebook_frame import frame_response
from grader.web.pages.comments_view import shown_comments
from grader.web.pages.submission_page import document_title, live_state, submission_page

pages = Blueprint("submission", __name__, url_prefix="/submissions")


@pages.get("/<submission_id>")
@access.allow(access.reader_of_submission)
def page(submission_id: str) -> ResponseReturnValue:
    return show_page()


def show_page(problem: str = "", comment: str = "") -> str:
    """`comment`: as it was typed and could not be saved."""
    scope = access.granted_submission()
    with backend().reading() as session:
        shown = submission_page(session, scope)
        state = live_state(session, scope.submission, staff=scope.staff)
        comments = shown_comments(session, scope.submission, staff=scope.staff)
    return render_template(
        "submission/page.html", page=shown, state=state, staff=scope.staff, comments=comments, problem=problem,
        comment=comment, document_title=document_title(scope.submission, state),
    )  # fmt: skip


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


@pages.post("/<submission_id>/run")
@access.allow(access.author_of_submission)
def run_superseded(submission_id: str) -> ResponseReturnValue:
    """An attempt that a newer one replaced is graded after all."""
    with backend().writing() as session:
        submissions.run_superseded(session, submission_id=submission_id, by=access.caller_user())
    return redirect(url_for("submission.page", submission_id=submission_id), 303)


@pages.get("/<submission_id>/executed")
@access.allow(access.reader_of_submission)
def executed(submission_id: str) -> Response:
    """The executed notebook, for the frame beside the checks."""
    return frame_response(_executed_file(), "The notebook as it was executed")


@pages.get("/<submission_id>/executed.ipynb")
@access.allow(access.reader_of_submission)
def executed_file(submission_id: str) -> Response:
    return executed_download()


@pages.get("/<submission_id>/receipt.json")
@access.allow(access.reader_of_submission)
def receipt(submission_id: str) -> Response:
    """What was handed in and when, signed."""
    return _download(json_bytes(receipt_of(access.granted_submission().submission)), "application/json", "receipt.json")


@pages.get("/<submission_id>/report.json")
@access.allow(access.reader_of_submission)
def report_json(submission_id: str) -> Response:
    with backend().reading() as session:
        body = submission_out(session, access.granted_submission()).model_dump(mode="json")
    return _download(json_bytes(body), "application/json", "report.json")


@pages.get("/<submission_id>/report.html")
@access.allow(access.reader_of_submission)
def report_html(submission_id: str) -> Response:
    """The result as one file that can be kept: no script, no address, nothing to fetch."""
    scope = access.granted_submission()
    with backend().reading() as session:
        state = live_state(session, scope.submission, staff=scope.staff)
        comments = shown_comments(session, scope.submission, staff=scope.staff)
    html = render_template(
        "submission/report.html", submission=scope.submission, state=state, comments=comments, style=REPORT_STYLE
    )
    return _download(html.encode(), "text/html", "report.html")


@pages.get("/<submission_id>/notebook.ipynb")
@access.allow(access.reader_of_submission)
def notebook(submission_id: str) -> Response:
    """What was handed in, byte for byte; always as a download, never as a page of ours."""
    return submitted_download()


def submitted_download() -> Response:
    """Raises FileRemoved, NotebookMissing."""
    submission = access.granted_submission().submission
    with backend().reading() as session:
        removed.require_handed_in(session, submission)
    data = submissions.read_notebook_file(backend().blobs, submission)
    return _download(data, "application/x-ipynb+json", "submitted.ipynb")


def executed_download() -> Response:
    """Raises NotFound while it is not there or not shown, FileRemoved when it is gone for good."""
    return _download(_executed_file(), "application/x-ipynb+json", "executed.ipynb")


def _executed_file() -> bytes:
    submission, staff = access.granted_submission().submission, access.granted_submission().staff
    run = submission.counted_run
    withheld = submission.assignment.grades_hidden and not staff
    data = submissions.read_executed_file(backend().blobs, run) if run is not None and not withheld else None
    if data is None and not withheld:
        with backend().reading() as session:
            removed.require_executed(session, submission)
    if data is None:
        raise NotFound("The executed notebook of this attempt is not there, or not shown yet.")
    return data


def _download(data: bytes, kind: str, name: str) -> Response:
    submission = access.granted_submission().submission
    response = Response(data, mimetype=kind)
    filename = f"{submission.assignment.slug}-attempt-{submission.number}-{name}"
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
