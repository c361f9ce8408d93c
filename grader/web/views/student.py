"""What students start from: their courses, and the page of one assignment with the upload."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from grader.db.models import Source
from grader.errors import DomainError
from grader.submissions.errors import AnswersRefused
from grader.web import access, errors
from grader.web.backend import backend
from grader.web.catalogue import catalogue
from grader.web.handing_in import hand_in
from grader.web.pages.assignment_page import ANSWER_PREFIX, assignment_page
from grader.web.pages.home_page import home_page
from grader.web.problems import EdgeError

pages = Blueprint("student", __name__)
ADDRESS = "/courses/<course_slug>/assignments/<slug>"


@pages.get("/")
@access.allow(access.signed_in)
def home() -> ResponseReturnValue:
    with backend().reading() as session:
        courses = home_page(session, access.caller_user())
    return render_template("student/home.html", courses=courses)


@pages.get(ADDRESS)
@access.allow(access.member_of_assignment)
def assignment(course_slug: str, slug: str) -> ResponseReturnValue:
    return _assignment_page()


@pages.post(ADDRESS)
@access.allow(access.member_of_assignment)
def submit(course_slug: str, slug: str) -> ResponseReturnValue:
    """Accept an upload. What is refused comes back with the reason beside its field and what was typed."""
    try:
        accepted = hand_in(_typed(), Source.WEB)
    except AnswersRefused as error:
        return _assignment_page(answer_problem=(error.key, str(error))), errors.status_of(error)
    except DomainError as error:
        return _assignment_page(problem=str(error)), errors.status_of(error)
    except EdgeError as error:
        return _assignment_page(problem=str(error)), errors.STATUS_OF_EDGE[type(error)]
    return redirect(url_for("submission.page", submission_id=accepted.submission.id), 303)


@pages.get(f"{ADDRESS}/starter.ipynb")
@access.allow(access.member_of_assignment)
def starter(course_slug: str, slug: str) -> Response:
    return starter_file(slug)


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
