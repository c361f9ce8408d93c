"""Asking that a check be looked at again, and answering."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.db.models import CheckResultRow, RegradeRequest
from grader.errors import DomainError
from grader.marking import queries as marking
from grader.regrades import queries, service
from grader.regrades.errors import NothingToRegrade, RequestAnswered
from grader.web import access, errors
from grader.web.access import SubmissionScope
from grader.web.backend import backend
from grader.web.outline import outline_for
from grader.web.paging import page_number
from grader.web.problems import NoAccess

pages = Blueprint("regrades", __name__)
ASK = "/submissions/<submission_id>/regrade/<key>"
COURSE = "/courses/<course_slug>/regrades"
PAGE_ROWS = 50


@pages.get(ASK)
@access.allow(access.reader_of_submission)
def ask(submission_id: str, key: str) -> ResponseReturnValue:
    return _ask_page(key)


@pages.post(ASK)
@access.allow(access.reader_of_submission)
def ask_send(submission_id: str, key: str) -> ResponseReturnValue:
    require_own()
    text = request.form.get("text", "")
    try:
        with backend().writing() as session:
            shown_check(session, access.granted_submission(), key)
            service.ask(session, submission_id=submission_id, key=key, text=text, by=access.caller_user())
    except DomainError as error:
        return _ask_page(key, text=text, problem=str(error)), errors.status_of(error)
    flash("Your question is with the teaching staff. The answer will stand here.", "success")
    return redirect(url_for("regrades.ask", submission_id=submission_id, key=key), 303)


@pages.post(f"{ASK}/withdraw")
@access.allow(access.reader_of_submission)
def withdraw(submission_id: str, key: str) -> ResponseReturnValue:
    take_back(submission_id, key)
    flash("You have taken your question back.", "success")
    return redirect(url_for("regrades.ask", submission_id=submission_id, key=key), 303)


@pages.get(COURSE)
@access.allow(access.staff_of_course)
def requests(course_slug: str) -> ResponseReturnValue:
    course, only_open = access.granted_course().course, request.args.get("show") != "all"
    page = page_number()
    with backend().reading() as session:
        found = queries.of_course(
            session, course.id, only_open=only_open, limit=PAGE_ROWS + 1, offset=(page - 1) * PAGE_ROWS
        )
        waiting = queries.open_count(session, course.id)
    return render_template(
        "regrades/requests.html", course=course, found=found[:PAGE_ROWS], more=len(found) > PAGE_ROWS, page=page,
        only_open=only_open, waiting=waiting,
    )  # fmt: skip


@pages.get(f"{COURSE}/<request_id>")
@access.allow(access.staff_of_course)
def one(course_slug: str, request_id: str) -> ResponseReturnValue:
    return _answer_page(request_id)


@pages.post(f"{COURSE}/<request_id>")
@access.allow(access.staff_of_course)
def one_send(course_slug: str, request_id: str) -> ResponseReturnValue:
    typed = request.form.get("points", "").strip().replace(",", ".")
    reply = request.form.get("reply", "")
    try:
        points = float(typed) if typed else None
    except ValueError:
        points = float("nan")  # refused below, with the range that is allowed
    try:
        with backend().writing() as session:
            _of_course(session, request_id)
            service.answer(session, request_id=request_id, reply=reply, points=points, by=access.caller_user())
    except DomainError as error:
        return _answer_page(request_id, reply=reply, points=typed, problem=str(error)), errors.status_of(error)
    flash("Answered.", "success")
    return redirect(url_for("regrades.requests", course_slug=course_slug), 303)


def shown_check(session: Session, scope: SubmissionScope, key: str) -> CheckResultRow:
    """The check's result, if this reader sees it. Raises NothingToRegrade."""
    submission = scope.submission
    row = marking.check_row(session, submission.counted_run_id, key) if submission.counted_run_id else None
    visible = scope.staff or (
        not submission.assignment.grades_hidden and outline_for(session, submission).visibility(key) != "hidden"
    )
    if row is None or not visible:
        raise NothingToRegrade
    return row


def take_back(submission_id: str, key: str) -> None:
    """Raises NoAccess, RequestAnswered."""
    require_own()
    with backend().writing() as session:
        found = queries.open_for(session, submission_id, key)
        if found is None:
            raise RequestAnswered
        service.withdraw(session, request_id=found.id, by=access.caller_user())


def require_own() -> None:
    """Raises NoAccess."""
    if not access.granted_submission().own:
        raise NoAccess("Only the student who handed this in can do this.")


def _ask_page(key: str, *, text: str = "", problem: str = "") -> str:
    scope = access.granted_submission()
    with backend().reading() as session:
        row = shown_check(session, scope, key)
        history = [r for r in queries.of_submission(session, scope.submission.id) if r.check_key == key]
    return render_template(
        "regrades/ask.html", scope=scope, row=row, history=history, text=text, problem=problem,
        waiting=any(r.status == "open" for r in history),
    )  # fmt: skip


def _of_course(session: Session, request_id: str) -> RegradeRequest:
    found = queries.get(session, request_id, access.granted_course().course.id)
    if found is None:
        raise NotFound("There is no such request in this course.")
    return found


def _answer_page(request_id: str, *, reply: str = "", points: str = "", problem: str = "") -> str:
    course = access.granted_course().course
    with backend().reading() as session:
        found = _of_course(session, request_id)
        run_id = found.submission.counted_run_id
        row = marking.check_row(session, run_id, found.check_key) if run_id else None
        others = [r for r in queries.of_submission(session, found.submission_id) if r.id != request_id]
    return render_template(
        "regrades/answer.html", course=course, found=found, row=row, others=others, reply=reply, points=points,
        problem=problem,
    )  # fmt: skip
