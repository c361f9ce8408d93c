"""The rules of an assignment: seen by staff, changed by instructors; extensions, late tokens, release of grades."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from grader.accounts import queries as accounts
from grader.audit.service import Actor
from grader.courses.errors import InvalidDates
from grader.db.models import User
from grader.errors import DomainError
from grader.gradebook import extensions, overrides, policies
from grader.gradebook.errors import EditConflict, InvalidExtension, InvalidPolicy, NotAStudent
from grader.web import access, formats
from grader.web.backend import backend
from grader.web.bulk_form import read_allowance, whole_number
from grader.web.errors import status_of
from grader.web.pages.policy_page import ExtensionForm, policy_page
from grader.web.policy_form import PolicyForm

pages = Blueprint("policy", __name__)
ADDRESS = "/courses/<course_slug>/assignments/<slug>/policy"


@pages.get(ADDRESS)
@access.allow(access.staff_of_assignment)
def page(course_slug: str, slug: str) -> ResponseReturnValue:
    return _page()


@pages.post(ADDRESS)
@access.allow(access.instructor_of_assignment)
def change(course_slug: str, slug: str) -> ResponseReturnValue:
    """Set rules and dates; with those that somebody else set meanwhile, nothing is saved and both are shown."""
    form = PolicyForm.typed(request.form)
    by = Actor.of(access.caller_user())
    scope = access.granted_assignment()
    try:
        policy, dates = form.read()
        with backend().writing() as session:
            changed = policies.set_policy(
                session, assignment_id=scope.assignment.id, policy=policy, dates=dates, expected=form.revision, by=by
            )
            if (tokens := request.form.get("course_late_tokens", "").strip()) != "":
                policies.set_late_tokens(session, course_id=scope.course.id, tokens=whole_number(tokens), by=by)
    except EditConflict as error:
        return _page(error, PolicyForm(form.values, error.revision)), status_of(error)
    except (InvalidPolicy, InvalidDates, InvalidExtension) as error:
        return _page(error, form), status_of(error)
    flash(f"Saved. {formats.count(changed.grades_changed, 'grade')} changed with the rules.", "success")
    return _back()


@pages.post(f"{ADDRESS}/extensions")
@access.allow(access.instructor_of_assignment)
def extend(course_slug: str, slug: str) -> ResponseReturnValue:
    typed = ExtensionForm(**{key: request.form.get(key, "") for key in ExtensionForm.__dataclass_fields__})
    scope, by = access.granted_assignment(), Actor.of(access.caller_user())
    try:
        with backend().writing() as session:
            given = extensions.grant(
                session,
                assignment=scope.assignment,
                students=[_student(accounts.user_by_email(session, mail), mail) for mail in typed.students.split()],
                allowance=read_allowance(typed.due_at, typed.closes_at, typed.extra_attempts),
                reason=typed.reason,
                by=by,
            )
            if not given:
                raise InvalidExtension("Name at least one student by e-mail address.")
    except DomainError as error:
        return _page(error, extension_form=typed), status_of(error)
    flash(f"{formats.count(len(given), 'student')} have the extension now.", "success")
    return _back()


@pages.post(f"{ADDRESS}/extensions/<student_id>/revoke")
@access.allow(access.instructor_of_assignment)
def revoke(course_slug: str, slug: str, student_id: str) -> ResponseReturnValue:
    by = Actor.of(access.caller_user())
    with backend().writing() as session:
        student = accounts.user_by_id(session, student_id)
        if student is None:
            raise NotFound("There is no such student.")
        extensions.revoke(session, assignment=access.granted_assignment().assignment, student=student, by=by)
    flash("The extension was taken back.", "success")
    return _back()


@pages.post(f"{ADDRESS}/release")
@access.allow(access.instructor_of_assignment)
def release(course_slug: str, slug: str) -> ResponseReturnValue:
    shown, by = request.form.get("shown") == "yes", Actor.of(access.caller_user())
    with backend().writing() as session:
        n = overrides.show_grades(session, assignment=access.granted_assignment().assignment, shown=shown, by=by)
    flash(f"{formats.count(n, 'grade')} {'released to students' if shown else 'hidden from students'}.", "success")
    return _back()


def _page(
    problem: DomainError | None = None, form: PolicyForm | None = None, extension_form: ExtensionForm | None = None
) -> str:
    with backend().reading() as session:
        shown = policy_page(session, access.granted_assignment(), form, extension_form)
    return render_template("policy/page.html", page=shown, problem=str(problem or ""), at="rules" if form else "more")


def _back() -> ResponseReturnValue:
    return redirect(url_for("policy.page", **(request.view_args or {}) | {"student_id": None}), 303)


def _student(user: User | None, mail: str) -> User:
    if user is None:
        raise NotAStudent(mail)
    return user
