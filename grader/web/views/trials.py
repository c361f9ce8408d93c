"""Grading again without consequence: who would get what, then apply or drop."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.db.models import Run, Trial
from grader.errors import DomainError
from grader.trials import queries, service
from grader.trials.queries import Compared
from grader.web import access, errors, formats
from grader.web.backend import backend
from grader.web.tables import Column, Row, Table, csv_response

pages = Blueprint("trials", __name__)
ADDRESS = "/courses/<course_slug>/assignments/<slug>/trials"
SHOWN = 300


@pages.get(ADDRESS)
@access.allow(access.staff_of_assignment)
def trials(course_slug: str, slug: str) -> ResponseReturnValue:
    return _list()


@pages.post(ADDRESS)
@access.allow(access.staff_of_assignment)
def begin(course_slug: str, slug: str) -> ResponseReturnValue:
    reason = request.form.get("reason", "").strip()[:500]
    every = request.form.get("which") == "every"
    if not reason:
        return _list(problem="Say in a few words why: it is kept in the audit log.", every=every), 422
    try:
        with backend().writing() as session:
            trial = service.begin(
                session, assignment=access.granted_assignment().assignment, every=every, reason=reason,
                by=access.caller_user(),
            )  # fmt: skip
    except DomainError as error:
        return _list(problem=str(error), reason=reason, every=every), errors.status_of(error)
    return redirect(url_for("trials.one", course_slug=course_slug, slug=slug, trial_id=trial.id), 303)


@pages.get(f"{ADDRESS}/<trial_id>")
@access.allow(access.staff_of_assignment)
def one(course_slug: str, slug: str, trial_id: str) -> ResponseReturnValue:
    scope = access.granted_assignment()
    with backend().reading() as session:
        trial = _trial(session, trial_id)
        rows = queries.compared(session, trial_id)
    differing = [row for row in rows if row.differs]
    return render_template(
        "trials/one.html", scope=scope, trial=trial, total=len(rows), done=sum(row.done for row in rows),
        failed=[row for row in rows if row.status in ("failed", "lost", "superseded")],
        active=sum(row.status.is_active for row in rows), differing=differing[:SHOWN], count=len(differing),
    )  # fmt: skip


@pages.get(f"{ADDRESS}/<trial_id>/changes.csv")
@access.allow(access.staff_of_assignment)
def changes_csv(course_slug: str, slug: str, trial_id: str) -> Response:
    with backend().reading() as session:
        _trial(session, trial_id)
        rows = queries.compared(session, trial_id)
    columns = (
        Column("Student"), Column("Attempt", "count"), Column("Before", "points"), Column("After", "points"),
        Column("Why"),
    )  # fmt: skip
    cells = tuple(Row((r.student, r.attempt, r.before, r.after, _why(r))) for r in rows if r.differs)
    return csv_response(Table("changes", "Changes", columns, cells), slug)


@pages.post(f"{ADDRESS}/<trial_id>/apply")
@access.allow(access.staff_of_assignment)
def apply(course_slug: str, slug: str, trial_id: str) -> ResponseReturnValue:
    with backend().writing() as session:
        _trial(session, trial_id)
        applied = service.apply(session, trial_id=trial_id, by=access.caller_user())
    flash(f"The new results of {formats.count(applied, 'submission')} count now. The old ones are kept.", "success")
    return redirect(url_for("trials.one", course_slug=course_slug, slug=slug, trial_id=trial_id), 303)


@pages.post(f"{ADDRESS}/<trial_id>/drop")
@access.allow(access.staff_of_assignment)
def drop(course_slug: str, slug: str, trial_id: str) -> ResponseReturnValue:
    with backend().writing() as session:
        _trial(session, trial_id)
        service.drop(session, trial_id=trial_id, by=access.caller_user())
    flash("The trial is dropped: nobody's score was changed.", "success")
    return redirect(url_for("trials.trials", course_slug=course_slug, slug=slug), 303)


@pages.get("/submissions/<submission_id>/compare")
@access.allow(access.staff_of_submission)
def compare(submission_id: str) -> ResponseReturnValue:
    """Two runs of one submission side by side; the newest two where none are named."""
    submission = access.granted_submission().submission
    ended = [run for run in submission.runs if not run.status.is_active]
    if len(ended) < 2:
        raise NotFound("This submission has no two results to compare.")
    by_id = {run.id: run for run in ended}
    old = by_id.get(request.args.get("old", ""), ended[-2])
    new = by_id.get(request.args.get("new", ""), ended[-1])
    return render_template(
        "trials/compare.html", submission=submission, runs=ended, old=old, new=new, rows=_side_by_side(old, new)
    )


def _side_by_side(old: Run, new: Run) -> list[tuple[str, object, object]]:
    before, after = {c.key: c for c in old.checks}, {c.key: c for c in new.checks}
    keys = [*after, *(key for key in before if key not in after)]
    return [((after.get(k) or before[k]).title or k, before.get(k), after.get(k)) for k in keys]


def _why(row: Compared) -> str:
    return "; ".join(f"{c.title}: {formats.points(c.before)} to {formats.points(c.after)}" for c in row.changes)


def _trial(session: Session, trial_id: str) -> Trial:
    found = queries.get(session, trial_id)
    if found is None or found.assignment_id != access.granted_assignment().assignment.id:
        raise NotFound("There is no such trial of this assignment.")
    return found


def _list(*, problem: str = "", reason: str = "", every: bool = False) -> str:
    scope = access.granted_assignment()
    with backend().reading() as session:
        found = queries.of_assignment(session, scope.assignment.id)
        counting = len(queries.candidates(session, scope.assignment.id, every=False))
        total = len(queries.candidates(session, scope.assignment.id, every=True))
    return render_template(
        "trials/list.html", scope=scope, found=found, counting=counting, total=total, problem=problem, reason=reason,
        every=every,
    )  # fmt: skip
