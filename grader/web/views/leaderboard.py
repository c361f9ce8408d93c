"""The leaderboard of an assignment: look, go on it under a chosen name, leave; staff take names off."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.db.models import LeaderboardEntry
from grader.errors import DomainError
from grader.leaderboard import queries, service
from grader.leaderboard.errors import NoLeaderboard
from grader.leaderboard.service import Board
from grader.time import utc_now
from grader.web import access, errors
from grader.web.backend import backend
from grader.web.pages.leaderboard_page import DISTRIBUTION, LeaderboardPage, distribution_plot
from grader.web.tables import csv_response

pages = Blueprint("leaderboard", __name__)
ADDRESS = "/courses/<course_slug>/assignments/<slug>/leaderboard"


@pages.get(ADDRESS)
@access.allow(access.member_of_assignment)
def page(course_slug: str, slug: str) -> ResponseReturnValue:
    return _page()


@pages.get(f"{ADDRESS}/distribution.csv")
@access.allow(access.member_of_assignment)
def csv(course_slug: str, slug: str) -> Response:
    with backend().reading() as session:
        return csv_response(distribution_plot(shown_board(session)).table, f"{slug}-{DISTRIBUTION}")


@pages.post(ADDRESS)
@access.allow(access.student_of_assignment)
def join(course_slug: str, slug: str) -> ResponseReturnValue:
    nickname = request.form.get("nickname", "")[:200]
    try:
        with backend().writing() as session:
            assignment, student = access.granted_assignment().assignment, access.caller_user()
            service.join(session, assignment=assignment, student=student, nickname=nickname)
    except NoLeaderboard:
        raise
    except DomainError as error:
        return _page(problem=str(error), typed=nickname), errors.status_of(error)
    flash("You are on the leaderboard.", "success")
    return _back(course_slug, slug)


@pages.post(f"{ADDRESS}/leave")
@access.allow(access.student_of_assignment)
def leave(course_slug: str, slug: str) -> ResponseReturnValue:
    with backend().writing() as session:
        service.leave(session, assignment=access.granted_assignment().assignment, student=access.caller_user())
    flash("You are not on the leaderboard any more.", "success")
    return _back(course_slug, slug)


@pages.post(f"{ADDRESS}/<entry_id>/take-name")
@access.allow(access.staff_of_assignment)
def take_name(course_slug: str, slug: str, entry_id: str) -> ResponseReturnValue:
    with backend().writing() as session:
        service.take_name(session, entry=found_entry(session, entry_id), by=access.caller_user())
    flash("The name is off the board. The student can choose another.", "success")
    return _back(course_slug, slug)


def found_entry(session: Session, entry_id: str) -> LeaderboardEntry:
    found = queries.entry(session, assignment_id=access.granted_assignment().assignment.id, entry_id=entry_id)
    if found is None:
        raise NotFound("There is no such name on this leaderboard.")
    return found


def shown_board(session: Session) -> Board:
    scope = access.granted_assignment()
    return service.board(session, scope.assignment, staff=scope.role.is_staff, now=utc_now())


def _page(problem: str = "", typed: str | None = None) -> str:
    scope, user = access.granted_assignment(), access.caller_user()
    with backend().reading() as session:
        board = shown_board(session)
        own = queries.entry_of(session, assignment_id=scope.assignment.id, student_id=user.id)
    shown = LeaderboardPage(board, own, scope.role.is_staff)
    name = (own.nickname if own else "") if typed is None else typed
    return render_template("leaderboard/page.html", scope=scope, page=shown, problem=problem, typed=name)


def _back(course_slug: str, slug: str) -> ResponseReturnValue:
    return redirect(url_for("leaderboard.page", course_slug=course_slug, slug=slug), 303)
