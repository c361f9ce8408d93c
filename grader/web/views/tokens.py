"""A person's tokens for programs: make, see, end."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grader.accounts import queries, service
from grader.accounts.errors import InvalidToken
from grader.audit.service import Actor
from grader.errors import DomainError
from grader.time import utc_now
from grader.web import access, errors
from grader.web.backend import backend

pages = Blueprint("tokens", __name__, url_prefix="/account/tokens")
SCOPES = {
    "read": "Read what you may see",
    "submit": "Hand in notebooks",
    "staff": "What you may do as staff: mark, set grades and rules, see everybody's work",
}
DAYS = (7, 30, 90, 365)


@pages.get("")
@access.allow(access.account_holder)
def page() -> ResponseReturnValue:
    return _page()


@pages.post("")
@access.allow(access.account_holder)
def make() -> ResponseReturnValue:
    """The secret is in this answer and nowhere else."""
    user, days = access.caller_user(), request.form.get("days", 0, type=int)
    try:
        if days not in DAYS:
            raise InvalidToken("Choose how long the token holds.")
        with backend().writing() as session:
            issued = service.issue_token(
                session, user=user, label=request.form.get("label", ""), scopes=request.form.getlist("scopes"),
                expires_at=utc_now() + timedelta(days=days), by=Actor.of(user),
            )  # fmt: skip
    except DomainError as error:
        return _page(str(error)), errors.status_of(error)
    return _page(secret=issued.secret)


@pages.post("/<token_id>/end")
@access.allow(access.account_holder)
def end(token_id: str) -> ResponseReturnValue:
    user = access.caller_user()
    with backend().writing() as session:
        service.revoke_token(session, token_id=token_id, user=user, by=Actor.of(user))
    flash("The token has ended: nothing that uses it gets in any more.", "success")
    return redirect(url_for("tokens.page"), 303)


def _page(problem: str = "", secret: str = "") -> str:
    now = utc_now()
    with backend().reading() as session:
        every = queries.tokens_of(session, access.caller_user())
    found = [t for t in every if t.revoked_at is None and (t.expires_at is None or t.expires_at > now)]
    typed = request.form if problem else None
    return render_template(
        "account/tokens.html", found=found, scopes=SCOPES, days=DAYS, problem=problem, secret=secret, typed=typed
    )
