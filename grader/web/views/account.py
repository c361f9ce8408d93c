"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import logout_user

from grader.accounts import service as accounts
from grader.accounts.errors import SignInFailed
from grader.web import access, limits, viewing
from grader.web.backend import backend, settings
from grader.web.demo import demo_logins
from grader.web.forms import SignInForm
from grader.web.identity import session_caller
from grader.web.signing_in import BY_PROVIDER, safe_target, sign_in_as

pages = Blueprint("account", __name__)


@pages.get("/sign-in")
@access.allow_anyone
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    form.next.data = request.args.get("next", "")
    if session_caller() is not None:
        return redirect(safe_target(form.next.data))
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
    sign_in_as(user)
    return redirect(safe_target(form.next.data))


@pages.post("/sign-out")
@access.allow_anyone
def sign_out() -> ResponseReturnValue:
    viewing.leave("signed out")
    logout_user()
    by_provider = session.get(BY_PROVIDER, False)
    session.clear()
    return redirect(url_for("account.sign_in", left="provider" if by_provider else None))


def _page(form: SignInForm, problem: str = "") -> str:
    logins = demo_logins(settings().home)
    found = settings()
    provider = found.oidc_name if found.oidc_issuer else ""
    left = bool(provider) and request.args.get("left") == "provider"
    return render_template(
        "account/sign_in.html", form=form, problem=problem, demo_logins=logins, provider=provider, left=left
    )
