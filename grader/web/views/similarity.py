"""Pairs of submissions that are too alike: begin a comparison, look at pairs, keep or dismiss them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.db.models import PairDecision, SimilarPair
from grader.errors import DomainError
from grader.similarity import queries, service
from grader.time import utc_now
from grader.web import access, errors
from grader.web.backend import backend, settings
from grader.web.pages.similarity_page import rows, side_by_side
from grader.web.paging import page_number

pages = Blueprint("similarity", __name__)
ADDRESS = "/courses/<course_slug>/assignments/<slug>/similarity"
SHOWN = 100


@pages.get(ADDRESS)
@access.allow(access.staff_of_assignment)
def overview(course_slug: str, slug: str) -> ResponseReturnValue:
    return _overview()


@pages.post(ADDRESS)
@access.allow(access.staff_of_assignment)
def begin(course_slug: str, slug: str) -> ResponseReturnValue:
    with_earlier = request.form.get("earlier") == "yes"
    try:
        with backend().writing() as session:
            assignment = access.granted_assignment().assignment
            service.begin(session, assignment=assignment, with_earlier=with_earlier, by=access.caller_user())
    except DomainError as error:
        return _overview(problem=str(error)), errors.status_of(error)
    flash("The comparison begins within a few seconds.", "success")
    return redirect(url_for("similarity.overview", course_slug=course_slug, slug=slug), 303)


@pages.get(f"{ADDRESS}/<pair_id>")
@access.allow(access.staff_of_assignment)
def pair(course_slug: str, slug: str, pair_id: str) -> ResponseReturnValue:
    return _pair(pair_id)


@pages.post(f"{ADDRESS}/<pair_id>")
@access.allow(access.staff_of_assignment)
def decide(course_slug: str, slug: str, pair_id: str) -> ResponseReturnValue:
    chosen, note = request.form.get("decision", ""), request.form.get("note", "")
    if chosen not in set(PairDecision):
        return _pair(pair_id, problem="Choose what becomes of the pair.", note=note), 422
    try:
        with backend().writing() as session:
            service.decide(
                session, found_pair(session, pair_id, lock=True), decision=PairDecision(chosen), note=note,
                expected=request.form.get("revision", -1, type=int), by=access.caller_user(), now=utc_now(),
            )  # fmt: skip
    except DomainError as error:
        return _pair(pair_id, problem=str(error), note=note), errors.status_of(error)
    flash("Noted.", "success")
    return redirect(url_for("similarity.overview", course_slug=course_slug, slug=slug), 303)


def found_pair(session: Session, pair_id: str, *, lock: bool = False) -> SimilarPair:
    found = queries.pair(session, pair_id, access.granted_assignment().assignment.id, lock=lock)
    if found is None:
        raise NotFound("There is no such pair, or a later comparison did not find it again.")
    return found


def _overview(problem: str = "") -> str:
    scope, page = access.granted_assignment(), page_number()
    dismissed = request.args.get("dismissed") == "yes"
    with backend().reading() as session:
        last = queries.latest(session, scope.assignment.id)
        found, total = queries.pairs(
            session, scope.assignment.id, dismissed=dismissed, limit=SHOWN, offset=(page - 1) * SHOWN
        )
        shown = rows(session, found, access.caller_user())
    active = last is not None and last.status in queries.ACTIVE
    return render_template(
        "similarity/overview.html", scope=scope, last=last, active=active, rows=shown, total=total, page=page,
        more=page * SHOWN < total, dismissed=dismissed, problem=problem,
    )  # fmt: skip


def _pair(pair_id: str, problem: str = "", note: str | None = None) -> str:
    with backend().reading() as session:
        found = found_pair(session, pair_id)
        row = side_by_side(session, found, access.caller_user(), backend().blobs, settings().assignments_dir)
    return render_template(
        "similarity/pair.html", scope=access.granted_assignment(), row=row, problem=problem,
        typed=found.note if note is None else note,
    )  # fmt: skip
