"""Marking by hand: which questions wait, one question across all students, second marks."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from grader.audit.service import Actor
from grader.db.models import Submission
from grader.errors import DomainError
from grader.marking import answers as notebooks
from grader.marking import queries, rubrics, service
from grader.marking.answers import Block
from grader.marking.errors import MarkChanged, NothingToMark
from grader.retention import removed
from grader.submissions import service as submissions
from grader.web import access, errors
from grader.web.backend import backend
from grader.web.catalogue import catalogue
from grader.web.pages import marking_page as made
from grader.web.pages.marking_page import MarkForm
from grader.web.paging import page_number
from grader.web.rubric_form import RubricForm

pages = Blueprint("marking", __name__)
ADDRESS = "/courses/<course_slug>/assignments/<slug>/marking"
ANSWER = f"{ADDRESS}/<key>/answers/<submission_id>"


@pages.get(ADDRESS)
@access.allow(access.staff_of_assignment)
def overview(course_slug: str, slug: str) -> ResponseReturnValue:
    scope = access.granted_assignment()
    with backend().reading() as session:
        rows = made.question_rows(session, scope)
    return render_template("marking/overview.html", scope=scope, rows=rows, table=made.question_table(rows))


@pages.get(f"{ADDRESS}/<key>")
@access.allow(access.staff_of_assignment)
def answers(course_slug: str, slug: str, key: str) -> ResponseReturnValue:
    scope = access.granted_assignment()
    shown = request.args.get("show", "waiting")
    with backend().reading() as session:
        check = rubrics.question(session, scope.assignment.id, key)
        rubric = rubrics.rubric_of(session, scope.assignment.id, key)
        items = _work(session, key)
    waiting = [item for item in items if item.waits]
    rows = made.answer_rows(scope, key, waiting if shown == "waiting" else items, rubric)
    page = page_number()
    first = (page - 1) * made.PAGE_ROWS
    return render_template(
        "marking/answers.html",
        scope=scope,
        check=check,
        rubric=rubric,
        rows=rows[first : first + made.PAGE_ROWS],
        count=len(rows),
        page=page,
        more=len(rows) > first + made.PAGE_ROWS,
        waiting=len(waiting),
        total=len(items),
        shown=shown,
    )


@pages.get(f"{ADDRESS}/<key>/next")
@access.allow(access.staff_of_assignment)
def next_answer(course_slug: str, slug: str, key: str) -> ResponseReturnValue:
    with backend().reading() as session:
        rubrics.question(session, access.granted_assignment().assignment.id, key)
    return _on(key, None)


@pages.get(ANSWER)
@access.allow(access.staff_of_assignment)
def answer(course_slug: str, slug: str, key: str, submission_id: str) -> ResponseReturnValue:
    return _answer(key, submission_id, second=request.args.get("second") == "1")


@pages.post(ANSWER)
@access.allow(access.staff_of_assignment)
def answer_send(course_slug: str, slug: str, key: str, submission_id: str) -> ResponseReturnValue:
    """Save a mark; what cannot be saved comes back with what was typed."""
    scope, typed = access.granted_assignment(), MarkForm.typed(request.form, request.form.getlist("criteria"))
    try:
        with backend().writing() as session:
            _require(session, key, submission_id)
            rubric = rubrics.rubric_of(session, scope.assignment.id, key)
            service.give(
                session, submission_id=submission_id, key=key, given=typed.given(), marker=access.caller_user(),
                rubric=rubric,
            )  # fmt: skip
    except MarkChanged as error:
        return _answer(key, submission_id, typed=typed, problem=error, conflict=error), 409
    except DomainError as error:
        return _answer(key, submission_id, typed=typed, problem=error), errors.status_of(error)
    flash("Saved.", "success")
    return _on(key, submission_id)


@pages.post(f"{ANSWER}/second")
@access.allow(access.staff_of_assignment)
def second_send(course_slug: str, slug: str, key: str, submission_id: str) -> ResponseReturnValue:
    typed = MarkForm.typed(request.form, request.form.getlist("criteria"))
    try:
        with backend().writing() as session:
            _require(session, key, submission_id)
            mark = queries.mark_of(session, submission_id, key)
            if mark is None:
                raise NothingToMark
            service.give_second(
                session, mark=mark, points=typed.given().points, comment=typed.comment, marker=access.caller_user()
            )
    except DomainError as error:
        return _answer(key, submission_id, typed=typed, problem=error, second=True), errors.status_of(error)
    flash("Your second mark is noted.", "success")
    return redirect(url_for("marking.sample", course_slug=course_slug, slug=slug, key=key), 303)


@pages.get(f"{ADDRESS}/<key>/sample")
@access.allow(access.staff_of_assignment)
def sample(course_slug: str, slug: str, key: str) -> ResponseReturnValue:
    scope = access.granted_assignment()
    with backend().reading() as session:
        check = rubrics.question(session, scope.assignment.id, key)
        rubric = rubrics.rubric_of(session, scope.assignment.id, key)
        items = service.sample(_work(session, key), rubric.sample_percent)
        seconds = queries.second_marks(session, [item.mark_id for item in items if item.mark_id])
        rows = made.sample_rows(scope, key, items, seconds, rubric)
    return render_template("marking/sample.html", scope=scope, check=check, rubric=rubric, rows=rows)


@pages.get(f"{ADDRESS}/<key>/rubric")
@access.allow(access.staff_of_assignment)
def rubric(course_slug: str, slug: str, key: str) -> ResponseReturnValue:
    with backend().reading() as session:
        found = rubrics.rubric_of(session, access.granted_assignment().assignment.id, key)
    return _rubric(key, RubricForm.of(found))


@pages.post(f"{ADDRESS}/<key>/rubric")
@access.allow(access.staff_of_assignment)
def rubric_send(course_slug: str, slug: str, key: str) -> ResponseReturnValue:
    scope, typed = access.granted_assignment(), RubricForm.typed(request.form)
    try:
        with backend().writing() as session:
            by = Actor.of(access.caller_user())
            rubrics.save_rubric(session, assignment_id=scope.assignment.id, key=key, rubric=typed.rubric(), by=by)
    except DomainError as error:
        return _rubric(key, typed, problem=str(error)), errors.status_of(error)
    flash("The rubric is saved.", "success")
    return redirect(url_for("marking.overview", course_slug=course_slug, slug=slug), 303)


def _rubric(key: str, form: RubricForm, problem: str = "") -> str:
    scope = access.granted_assignment()
    with backend().reading() as session:
        check = rubrics.question(session, scope.assignment.id, key)
        there = rubrics.rubric_of(session, scope.assignment.id, key)
    return render_template(
        "marking/rubric.html", scope=scope, check=check, form=form, problem=problem, there=RubricForm.of(there)
    )


def _answer(
    key: str,
    submission_id: str,
    *,
    typed: MarkForm | None = None,
    problem: DomainError | None = None,
    conflict: MarkChanged | None = None,
    second: bool = False,
) -> str:
    scope = access.granted_assignment()
    with backend().reading() as session:
        blocks = _blocks(session, _require(session, key, submission_id))
        page = made.answer_page(
            session, scope, key, submission_id, access.caller_user(), blocks,
            typed=typed, conflict=conflict, second=second,
        )  # fmt: skip
    return render_template("marking/answer.html", scope=scope, page=page, problem=problem, conflict=conflict)


def _require(session: Session, key: str, submission_id: str) -> Submission:
    """The submission, if it is one of this assignment that counts. Raises NoSuchQuestion, NothingToMark."""
    scope = access.granted_assignment()
    rubrics.question(session, scope.assignment.id, key)
    if not queries.work(
        session, assignment_id=scope.assignment.id, course_id=scope.course.id, key=key, only=submission_id
    ):
        raise NothingToMark
    return session.get_one(Submission, submission_id)


def _work(session: Session, key: str) -> list[queries.WorkItem]:
    scope = access.granted_assignment()
    return queries.work(session, assignment_id=scope.assignment.id, course_id=scope.course.id, key=key)


def _blocks(session: Session, submission: Submission) -> list[Block]:
    """As it was executed, else as it was handed in. Raises FileRemoved, NotebookMissing."""
    run = submission.counted_run
    digest = run.executed_digest if run is not None and run.executed_digest else submission.digest
    if digest == submission.digest:
        removed.require_handed_in(session, submission)
    return notebooks.blocks(
        submissions.read_notebook_file(backend().blobs, submission, digest=digest),
        catalogue().starter(access.granted_assignment().assignment.slug),
    )


def _on(key: str, current: str | None) -> ResponseReturnValue:
    """On to the next answer that waits, or back to the list when none does."""
    scope = access.granted_assignment()
    with backend().reading() as session:
        item = service.following(_work(session, key), current)
    address = made.address_of(scope, key)
    if item is None:
        return redirect(url_for("marking.answers", show="all", **address), 303)
    return redirect(url_for("marking.answer", submission_id=item.submission_id, **address), 303)
