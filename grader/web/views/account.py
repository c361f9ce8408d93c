"""Signing in and out."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from grader.accounts import service as accounts
from grader.accounts.errors import SignInFailed
from grader.web import access, limits, viewing
from grader.web.backend import backend, settings
from grader.web.demo import demo_logins
from grader.web.forms import SignInForm
from grader.web.identity import SessionUser, session_caller

pages = Blueprint("account", __name__)


@pages.get("/sign-in")
@access.allow_anyone
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    form.next.data = request.args.get("next", "")
    if session_caller() is not None:
        return redirect(_safe(form.next.data))
    return _page(form)


@pages.post("/sign-in")
@access.allow_anyone
@limits.sign_in_limits
def sign_in_send() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate():
        return _page(form), 422
    try:
        with backend().reading() as db:
            user = accounts.authenticate(db, email=form.email.data, password=form.password.data)
    except SignInFailed as error:
        return _page(form, str(error)), 401
    session.clear()  # nothing of the visitor before the sign-in stays in the cookie
    login_user(SessionUser(user))
    return redirect(_safe(form.next.data))


@pages.post("/sign-out")
@access.allow_anyone
def sign_out() -> ResponseReturnValue:
    viewing.leave("signed out")
    logout_user()
    session.clear()
    return redirect(url_for("account.sign_in"))


def _page(form: SignInForm, problem: str = "") -> str:
    logins = demo_logins(settings().home)
    return render_template("account/sign_in.html", form=form, problem=problem, demo_logins=logins)


def _safe(target: str | None) -> str:
    """`target` if it is a page of this service, else the home page; never another site."""
    home = url_for("student.home")
    if not target or "\\" in target or any(ord(c) < 32 for c in target):
        return home
    parts = urlsplit(target)
    local = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith("//")
    return target if local else home
