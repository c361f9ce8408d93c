"""The gradebook of a course: the table, one cell of it, and the file."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.accounts import queries as accounts
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.models import Assignment, Enrolment, Role, User
from grader.errors import DomainError
from grader.gradebook import bulk, extensions, overrides, table
from grader.gradebook.errors import EditConflict, InvalidGrade
from grader.gradebook.overrides import Decision
from grader.gradebook.table import GradebookFilter
from grader.web import access, formats
from grader.web.backend import backend
from grader.web.bulk_form import BulkForm
from grader.web.errors import status_of
from grader.web.pages.gradebook_page import cell_page, filter_of, gradebook_page, gradebook_table
from grader.web.paging import page_number
from grader.web.tables import csv_response

pages = Blueprint("gradebook", __name__)
ADDRESS = "/courses/<course_slug>/gradebook"
CELL = f"{ADDRESS}/<slug>/<student_id>"


@pages.get(ADDRESS)
@access.allow(access.staff_of_course)
def page(course_slug: str) -> ResponseReturnValue:
    return _page(request.args)


@pages.post(ADDRESS)
@access.allow(access.instructor_of_course)
def many(course_slug: str) -> ResponseReturnValue:
    """Excuse many students or give them an extension: all of them, or on an error none."""
    typed = BulkForm.typed(request.form, request.form.getlist("students"))
    try:
        with backend().writing() as session:
            said = _for_many(session, typed, Actor.of(access.caller_user()))
    except DomainError as error:
        return _page(request.form, typed, str(error)), status_of(error)
    flash(said, "success")
    here: dict[str, Any] = {key: request.form.get(key, "") for key in ("section", "q")}
    return redirect(url_for("gradebook.page", course_slug=course_slug, **here), 303)


@pages.get(f"{ADDRESS}.csv")
@access.allow(access.staff_of_course)
def csv(course_slug: str) -> Response:
    course = access.granted_course().course
    with backend().reading() as session:
        book = table.gradebook(session, course.id, filter_of(request.args), limit=None)
    return csv_response(gradebook_table(book), course_slug)


@pages.get(CELL)
@access.allow(access.staff_of_course)
def cell(course_slug: str, slug: str, student_id: str) -> ResponseReturnValue:
    return _cell(slug, student_id)


@pages.post(CELL)
@access.allow(access.staff_of_course)
def decide(course_slug: str, slug: str, student_id: str) -> ResponseReturnValue:
    """Override, excuse, or take that back; what somebody else saved meanwhile is shown beside it, not lost."""
    by = Actor.of(access.caller_user())
    try:
        decision = read_decision(request.form)
        with backend().writing() as session:
            assignment, enrolment = place(session, slug, student_id)
            overrides.decide(
                session,
                assignment=assignment,
                student=enrolment.user,
                decision=decision,
                expected=request.form.get("revision", -1, type=int),
                by=by,
            )
    except (EditConflict, InvalidGrade) as error:
        return _cell(slug, student_id, request.form, str(error)), status_of(error)
    flash(f"Saved: {enrolment.user.name}, {assignment.title}.", "success")
    return redirect(url_for("gradebook.cell", course_slug=course_slug, slug=slug, student_id=student_id), 303)


def _for_many(session: Session, typed: BulkForm, by: Actor) -> str:
    """Do it; what was done, as a sentence. Raises InvalidGrade, InvalidExtension, NotAStudent."""
    course = access.granted_course().course
    assignment = courses.assignment_in_course(session, course_id=course.id, slug=typed.slug)
    if assignment is None:
        raise InvalidGrade("Choose the assignment.")
    found = table.students_of(session, course.id, filter_of(request.form) if typed.who == "all" else GradebookFilter())
    students = [user for user in found if typed.who == "all" or user.id in typed.students]
    if not students:
        raise InvalidGrade("Tick at least one student.")
    if typed.what == "extend":
        allowance = typed.allowance()
        given = extensions.grant(
            session, assignment=assignment, students=students, allowance=allowance, reason=typed.note, by=by
        )
        return f"{formats.count(len(given), 'student')} now with the extension for {assignment.title}."
    excused = typed.what == "excuse"
    done = bulk.excuse(session, assignment=assignment, students=students, excused=excused, note=typed.note, by=by)
    said = (
        f"{assignment.title}: {formats.count(done.done, 'student')} {'excused' if excused else 'not excused any more'}."
    )
    if done.left:
        names = ", ".join(user.name or user.email for user in done.left)
        said += f" Left as they are, because a person set their score: {names}."
    return said


def read_decision(form: Any) -> Decision:
    """Raises InvalidGrade."""
    text = form.get("score", "").strip().replace(",", ".")
    try:
        score = float(text) if text else None
    except ValueError:
        raise InvalidGrade(f"{text[:20]!r} is not a number of points.") from None
    return Decision(score, form.get("excused") == "yes", form.get("note", "")[:1000])


def place(session: Session, slug: str, student_id: str) -> tuple[Assignment, Enrolment]:
    """The assignment and the student of a cell. Raises NotFound."""
    course = access.granted_course().course
    assignment = courses.assignment_in_course(session, course_id=course.id, slug=slug)
    enrolment = courses.enrolment_of(session, user_id=student_id, course_id=course.id)
    if assignment is None or enrolment is None or enrolment.role is not Role.STUDENT:
        raise NotFound("There is no such cell in the gradebook of this course.")
    return assignment, enrolment


def _page(args: Any, typed: BulkForm | None = None, problem: str = "") -> str:
    number = page_number()
    with backend().reading() as session:
        shown = gradebook_page(session, access.granted_course(), filter_of(args), number, typed)
    return render_template("gradebook/page.html", page=shown, problem=problem)


def _cell(slug: str, student_id: str, typed: Any = None, problem: str = "") -> str:
    with backend().reading() as session:
        assignment, enrolment = place(session, slug, student_id)
        student: User = accounts.user_by_id(session, student_id) or enrolment.user
        course = access.granted_course().course
        shown = cell_page(session, course, assignment, student, enrolment.section, typed or {})
    return render_template("gradebook/cell.html", page=shown, problem=problem)
