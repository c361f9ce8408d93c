"""The assignments of a course as its staff keep them: packages, versions, their own cases, points."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.audit.service import Actor
from grader.db.models import AssignmentVersion, CaseTry, Role
from grader.errors import DomainError
from grader.packages import history, service, shelf, trying
from grader.packages.errors import InvalidQuestionPoints
from grader.packages.history import Changed
from grader.packages.service import Gift
from grader.web import access, errors, formats
from grader.web.backend import backend, settings
from grader.web.pages import packages_page

pages = Blueprint("packages", __name__)
COURSE = "/courses/<course_slug>/assignments"
ADDRESS = f"{COURSE}/<slug>/package"
POINTS_PREFIX = "points-"


@pages.get(COURSE)
@access.allow(access.staff_of_course)
def listed(course_slug: str) -> ResponseReturnValue:
    return _listed()


@pages.post(COURSE)
@access.allow(access.instructor_of_course)
def give(course_slug: str) -> ResponseReturnValue:
    """Give a package in the course, or bring what the course gives up to its files."""
    course, by, slug = access.granted_course().course, Actor.of(access.caller_user()), request.form.get("slug", "")
    try:
        gift = Gift.of(shelf.package(settings().assignments_dir, slug))
        with backend().writing() as session:
            made = service.give(session, course=course, gift=gift, shown=None, by=by)
    except DomainError as error:
        return _listed(str(error)), errors.status_of(error)
    number = made.version.number
    flash(f"Version {number} is in force." if made.created_version else f"Version {number} was in force.", "success")
    return redirect(url_for("packages.one", course_slug=course_slug, slug=slug), 303)


@pages.get(ADDRESS)
@access.allow(access.staff_of_assignment)
def one(course_slug: str, slug: str) -> ResponseReturnValue:
    return _one()


@pages.post(f"{ADDRESS}/cases")
@access.allow(access.staff_of_assignment)
def try_cases(course_slug: str, slug: str) -> ResponseReturnValue:
    try:
        tried = begin_cases()
    except DomainError as error:
        return _one(str(error)), errors.status_of(error)
    flash(f"{formats.count(len(tried), 'case')} handed in to be graded.", "success")
    return redirect(url_for("packages.one", course_slug=course_slug, slug=slug), 303)


@pages.post(f"{ADDRESS}/points")
@access.allow(access.instructor_of_assignment)
def points(course_slug: str, slug: str) -> ResponseReturnValue:
    assignment = access.granted_assignment().assignment
    typed = {k.removeprefix(POINTS_PREFIX): v for k, v in request.form.items() if k.startswith(POINTS_PREFIX)}
    try:
        with backend().writing() as session:
            made = service.set_points(
                session, assignment=assignment, points={key: _number(text) for key, text in typed.items()},
                expected=request.form.get("version", 0, type=int), by=Actor.of(access.caller_user()),
            )  # fmt: skip
    except DomainError as error:
        return _one(str(error), typed), errors.status_of(error)
    flash(f"Version {made.number} has these points. Results keep theirs until they are run again.", "success")
    return redirect(url_for("packages.one", course_slug=course_slug, slug=slug), 303)


@pages.post(f"{ADDRESS}/shown")
@access.allow(access.instructor_of_assignment)
def show(course_slug: str, slug: str) -> ResponseReturnValue:
    shown = request.form.get("shown") == "yes"
    with backend().writing() as session:
        assignment = access.granted_assignment().assignment
        service.show(session, assignment=assignment, shown=shown, by=Actor.of(access.caller_user()))
    flash("Students see it now." if shown else "Students do not see it any more.", "success")
    return redirect(url_for("packages.one", course_slug=course_slug, slug=slug), 303)


@pages.get(f"{ADDRESS}/versions/<int:number>")
@access.allow(access.staff_of_assignment)
def difference(course_slug: str, slug: str, number: int) -> ResponseReturnValue:
    """What a version changed, against the one before it or another one."""
    old, new, changes = found_changes(number, request.args.get("against", number - 1, type=int))
    return render_template(
        "packages/difference.html", scope=access.granted_assignment(), old=old, new=new, changes=changes
    )


def begin_cases() -> list[CaseTry]:
    """Of the assignment that was granted. Raises NoSuchPackage, PackageBroken, PackageDiffers, NoCases."""
    assignment = access.granted_assignment().assignment
    package = shelf.package(settings().assignments_dir, assignment.slug)
    cases = trying.prepare(backend().blobs, package, max_bytes=settings().max_upload_bytes)
    with backend().writing() as session:
        return trying.begin(session, assignment=assignment, package=package, cases=cases, by=access.caller_user())


def found_changes(number: int, against: int) -> tuple[AssignmentVersion, AssignmentVersion, list[Changed]]:
    if (number, against) == (1, 0):
        raise NotFound(f"Version {number} is the first: there is none before it to compare with.")
    with backend().reading() as session:
        new, old = _version(session, number), _version(session, against)
        return old, new, history.changes(old, new)


def _version(session: Session, number: int) -> AssignmentVersion:
    found = history.version(session, access.granted_assignment().assignment.id, number)
    if found is None:
        raise NotFound(f"The assignment has no version {number}.")
    return found


def _number(text: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise InvalidQuestionPoints(f"{text[:40]!r} is no number of points.") from None


def _listed(problem: str = "") -> str:
    scope = access.granted_course()
    found = shelf.shelf(settings().assignments_dir)
    with backend().reading() as session:
        given, others = packages_page.listed(session, scope.course, found)
    may_change = scope.role is Role.INSTRUCTOR
    return render_template(
        "packages/listed.html", scope=scope, given=given, others=others, may_change=may_change, problem=problem,
        waiting=any(one.health.word == "waiting" for one in given),
    )  # fmt: skip


def _one(problem: str = "", typed: dict[str, str] | None = None) -> str:
    scope = access.granted_assignment()
    found = shelf.shelf(settings().assignments_dir)
    with backend().reading() as session:
        page = packages_page.package_page(session, scope.assignment, found)
    return render_template(
        "packages/one.html", scope=scope, page=page, may_change=scope.role is Role.INSTRUCTOR, problem=problem,
        typed=typed or {},
    )  # fmt: skip
