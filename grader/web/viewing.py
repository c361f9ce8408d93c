"""A browser in which somebody of the staff sees a course as one of its students.

The cookie names a row of the database, which says who looks, at whom, and until when. Asked before everything else,
so that no route, whatever its own rule, can be used to change something in the meantime.
"""

from __future__ import annotations

from flask import Flask, Response, current_app, flash, g, redirect, request, session, url_for
from flask_login import login_user
from werkzeug.wrappers import Response as AnyResponse

from grader.db.models import User, Viewing
from grader.people import viewing as service
from grader.time import utc_now
from grader.web.backend import backend
from grader.web.identity import SessionUser, session_caller
from grader.web.problems import OnlyLooking
from grader.web.security import STATIC_ENDPOINTS

KEY = "viewing"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
WAYS_OUT = frozenset({"viewing.stop", "account.sign_out"})


def init_app(app: Flask) -> None:
    """Before anything that answers a request, also before forms are looked at."""
    app.before_request(_look)


def current() -> Viewing | None:
    """What this request looks at as a student, or None."""
    found: Viewing | None = g.get("viewing")
    return found


def keep(viewing: Viewing, viewer: User) -> None:
    """From now on this browser looks. Its old pages, and their forms, count no longer."""
    _new_session(viewer)
    session[KEY] = viewing.id


def leave(why: str) -> Viewing | None:
    """End it, if there is one: the browser is its owner's again, in a new session. Returns what was looked at."""
    me, viewing_id = session_caller(), session.pop(KEY, None)
    g.pop("viewing", None)
    if me is None or viewing_id is None:
        return None
    with backend().writing() as db:
        ended = service.end(db, viewing_id=viewing_id, viewer=me.user, why=why, now=utc_now())
    _new_session(me.user)
    return ended


def _look() -> AnyResponse | None:
    # Programs send no cookie and are not asked; files of ours are for everybody.
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies or request.endpoint in STATIC_ENDPOINTS:
        return None
    viewing_id, me = session.get(KEY), session_caller()
    if viewing_id is None or me is None:
        return None
    with backend().reading() as db:
        g.viewing = service.running(db, viewing_id=viewing_id, viewer=me.user, now=utc_now())
    if request.endpoint in WAYS_OUT:
        return None
    if g.viewing is not None:
        if request.method not in SAFE:
            raise OnlyLooking(f"You see this course as {g.viewing.student.name} does, and can change nothing.")
        return None
    if request.path.startswith("/api/"):
        return None  # a program of somebody who is signed in here, too: its token says who asks
    return _over()


def _over() -> Response | AnyResponse:
    """The time is up, or it may no longer be. A form of one of its pages must not be taken as its reader's own."""
    leave("it was over")
    if request.method not in SAFE:
        raise OnlyLooking("You looked at this course as a student. That has ended, and this page belongs to it.")
    if request.accept_mimetypes.best == "text/event-stream":
        return Response(status=204)  # a page that waits for news is told that none will come
    flash("You no longer see the course as a student: that ends by itself after 30 minutes.", "info")
    return redirect(url_for("student.home"))


def _new_session(user: User) -> None:
    session.clear()
    login_user(SessionUser(user))
