"""Gradebook files: for Canvas and Moodle, and from them, shown before anything is taken."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.audit.service import Actor
from grader.db.models import Role
from grader.errors import DomainError
from grader.gradebook import table
from grader.gradebook.table import Gradebook, GradebookFilter
from grader.lms.files import importing
from grader.lms.files.reading import MOST_BYTES
from grader.lms.files.writing import WRITERS, only
from grader.web import access, errors, formats
from grader.web.backend import backend

pages = Blueprint("grade_files", __name__)
ADDRESS = "/courses/<course_slug>/gradebook-files"


@pages.get(ADDRESS)
@access.allow(access.staff_of_course)
def page(course_slug: str) -> ResponseReturnValue:
    return _page()


@pages.get(f"{ADDRESS}/<any(canvas, moodle):kind>.csv")
@access.allow(access.staff_of_course)
def export(course_slug: str, kind: str) -> Response:
    return export_file(kind, request.args.get("assignment", ""))


@pages.post(ADDRESS)
@access.allow(access.instructor_of_course)
def take(course_slug: str) -> ResponseReturnValue:
    """First the differences; with `confirmed`, take them. The text travels in the form between the two."""
    course, form = access.granted_course().course, request.form
    upload = request.files.get("grades")
    data = upload.stream.read(MOST_BYTES + 1) if upload is not None else form.get("text", "").encode("utf-8", "replace")
    leave_out = form.get("leave_out") == "yes"
    problem = ""
    try:
        if form.get("confirmed") == "yes":
            with backend().writing() as session:
                done = importing.apply(
                    session, course=course, data=data, reason=form.get("reason", "")[:1000], mark=form.get("mark", ""),
                    leave_out_unknown=leave_out, by=Actor.of(access.caller_user()),
                )  # fmt: skip
            flash(f"{formats.count(done, 'grade')} set. Each can be taken back on its own page.", "success")
            return redirect(url_for("gradebook.page", course_slug=course_slug), 303)
    except DomainError as error:
        problem, status = str(error), errors.status_of(error)
    try:
        with backend().reading() as session:
            found = importing.preview(session, course=course, data=data)
    except DomainError as error:
        return _page(str(error)), errors.status_of(error)
    shown = render_template(
        "grade_files/preview.html", course=course, found=found, problem=problem, text=_text(data),
        reason=form.get("reason", ""), leave_out=leave_out,
    )  # fmt: skip
    return (shown, status) if problem else shown


def export_file(kind: str, slug: str) -> Response:
    """The file for a platform, with one assignment or (an empty slug) all. Raises NotFound."""
    course = access.granted_course().course
    with backend().reading() as session:
        book = _book(session, course.id, slug)
    response = Response(WRITERS[kind](book), mimetype="text/csv")
    name = "-".join(filter(None, (course.slug, slug, kind)))
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    return response


def _book(session: Session, course_id: str, slug: str) -> Gradebook:
    book = table.gradebook(session, course_id, GradebookFilter(), limit=None)
    if not slug:
        return book
    book = only(book, slug)
    if not book.columns:
        raise NotFound(f"The course has no assignment {slug[:80]!r} with grades.")
    return book


def _page(problem: str = "") -> str:
    scope = access.granted_course()
    with backend().reading() as session:
        columns = table.columns_of(session, scope.course.id)
    return render_template(
        "grade_files/page.html", course=scope.course, columns=columns, problem=problem,
        may_import=scope.role is Role.INSTRUCTOR,
    )  # fmt: skip


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252")
