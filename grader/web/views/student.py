"""What students start from: their courses, and the page of one assignment with the upload."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from grader.audit.service import Actor
from grader.db.models import Source
from grader.errors import DomainError
from grader.gradebook import extensions
from grader.news import visits
from grader.policies.errors import HandInRefused
from grader.policies.words import refusal_text
from grader.submissions.errors import AnswersRefused
from grader.time import utc_now
from grader.web import access, errors, limits, viewing, zones
from grader.web.backend import backend
from grader.web.catalogue import catalogue
from grader.web.handing_in import hand_in
from grader.web.notebook_frame import frame_response
from grader.web.pages.assignment_page import ANSWER_PREFIX, assignment_page
from grader.web.pages.home_page import home_page
from grader.web.pages.news_view import news_of
from grader.web.problems import EdgeError

pages = Blueprint("student", __name__)
ADDRESS = "/courses/<course_slug>/assignments/<slug>"


@pages.get("/")
@access.allow(access.signed_in)
def home() -> ResponseReturnValue:
    user, now = access.caller_user(), utc_now()
    with backend().reading() as session:
        enrolments = access.enrolments_of(session, access.caller())
        courses = home_page(session, user, enrolments)
        visit = visits.visit_of(session, user.id)
        news = news_of(session, user, enrolments, visits.told_since(visit, now))
    if viewing.current() is None and visits.is_to_be_noted(visit, now):
        with backend().writing() as session:
            visits.note_look(session, user.id, now)
    return render_template("student/home.html", courses=courses, news=news)


@pages.get(ADDRESS)
@access.allow(access.member_of_assignment)
def assignment(course_slug: str, slug: str) -> ResponseReturnValue:
    return _assignment_page()


@pages.post(ADDRESS)
@access.allow(access.member_of_assignment)
@limits.upload_limits
def submit(course_slug: str, slug: str) -> ResponseReturnValue:
    """Accept an upload. What is refused comes back with the reason beside its field and what was typed."""
    try:
        accepted = hand_in(_typed(), Source.WEB)
    except AnswersRefused as error:
        return _assignment_page(answer_problem=(error.key, str(error))), errors.status_of(error)
    except HandInRefused as error:
        text = refusal_text(error.refusal, error.terms, zones.local_text)
        return _assignment_page(problem=f"{text} This upload was not counted."), errors.status_of(error)
    except DomainError as error:
        return _assignment_page(problem=str(error)), errors.status_of(error)
    except EdgeError as error:
        return _assignment_page(problem=str(error)), errors.STATUS_OF_EDGE[type(error)]
    return redirect(url_for("submission.page", submission_id=accepted.submission.id), 303)


@pages.get(f"{ADDRESS}/starter.ipynb")
@access.allow(access.member_of_assignment)
def starter(course_slug: str, slug: str) -> Response:
    return starter_file(slug)


@pages.get(f"{ADDRESS}/task")
@access.allow(access.member_of_assignment)
def task(course_slug: str, slug: str) -> ResponseReturnValue:
    """The starter notebook to read, in a frame of its own."""
    scope = access.granted_assignment()
    frame = url_for("student.task_frame", course_slug=course_slug, slug=slug)
    return render_template("student/task.html", scope=scope, frame_url=frame)


@pages.get(f"{ADDRESS}/task/frame")
@access.allow(access.member_of_assignment)
def task_frame(course_slug: str, slug: str) -> Response:
    data = catalogue().starter(slug)
    if data is None:
        raise NotFound("This assignment has no starter notebook.")
    return frame_response(data, "The task")


@pages.post(f"{ADDRESS}/late-token")
@access.allow(access.student_of_assignment)
def late_token(course_slug: str, slug: str) -> ResponseReturnValue:
    scope, user = access.granted_assignment(), access.caller_user()
    with backend().writing() as session:
        extensions.spend_token(session, assignment=scope.assignment, student=user, by=Actor.of(user))
    flash("Your due date moved by 24 hours.", "success")
    return redirect(url_for("student.assignment", course_slug=course_slug, slug=slug), 303)


def starter_file(slug: str) -> Response:
    data = catalogue().starter(slug)
    if data is None:
        raise NotFound("This assignment has no starter notebook.")
    response = Response(data, mimetype="application/x-ipynb+json")
    response.headers.set("Content-Disposition", "attachment", filename=f"{slug}.ipynb")
    return response


def _typed() -> dict[str, str]:
    """The answer fields of the form, by the keys of the assignment."""
    return {
        name.removeprefix(ANSWER_PREFIX): value
        for name, value in request.form.items()
        if name.startswith(ANSWER_PREFIX)
    }


def _assignment_page(problem: str = "", answer_problem: tuple[str, str] | None = None) -> str:
    with backend().reading() as session:
        page = assignment_page(session, access.granted_assignment(), access.caller_user(), _typed(), answer_problem)
    return render_template("student/assignment.html", page=page, problem=problem)
