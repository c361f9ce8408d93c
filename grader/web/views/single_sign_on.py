"""Signing in at a provider (OpenID Connect), beside passwords."""

from __future__ import annotations

import hmac
from dataclasses import asdict

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from grader.errors import DomainError
from grader.oidc import flow, people
from grader.oidc.errors import ProviderDown, SingleSignOnRefused
from grader.oidc.flow import Begun
from grader.oidc.people import Admission
from grader.oidc.provider import Provider
from grader.time import utc_now
from grader.web import access, errors, limits
from grader.web.backend import backend, settings
from grader.web.signing_in import safe_target, sign_in_as

pages = Blueprint("single_sign_on", __name__)
BEGUN = "oidc_begun"  # in the session: sign-ins that this browser began
MOST_BEGUN = 3  # in several tabs
MOST_NEXT = 500
TOO_MANY = "There were too many sign-ins that failed. Wait a minute, then sign in once more."


def _failed(response: Response) -> bool:
    return response.status_code >= 400


# A lecture hall shares one address, so this only stops machines that try.
_failures = limits.limiter.limit("300 per minute", deduct_when=_failed, error_message=TOO_MANY)


@pages.get("/sign-in/provider")
@access.allow_anyone
@_failures
def begin() -> ResponseReturnValue:
    provider, now = _provider(), utc_now()
    wanted = request.args.get("next", "")
    begun = Begun.anew(wanted if len(wanted) <= MOST_NEXT else "", now)
    try:
        address = flow.way_out(provider, begun, _callback(), now)
    except ProviderDown as error:
        return _refused(error)
    session[BEGUN] = [*_kept(), asdict(begun)][-MOST_BEGUN:]
    return redirect(address, 302)


@pages.get("/sign-in/back")
@access.allow_anyone
@_failures
def back() -> ResponseReturnValue:
    """Where the provider sends people back to."""
    provider, now = _provider(), utc_now()
    try:
        begun = _taken(request.args.get("state", ""))
        if begun.ended(now):
            raise SingleSignOnRefused("late", "This sign-in took too long. Sign in once more.")
        if request.args.get("iss", provider.issuer) != provider.issuer:  # RFC 9207
            raise SingleSignOnRefused("issuer", "Another provider answered than the one that was asked.")
        if not request.args.get("code"):
            raise SingleSignOnRefused("provider", _said(request.args.get("error", "")))
        person = flow.person(provider, begun, request.args["code"], _callback(), now)
        with backend().writing() as db:
            user = people.enter(db, person, Admission.of(settings()), now)
    except (SingleSignOnRefused, ProviderDown) as error:
        return _refused(error)
    sign_in_as(user, by_provider=True)
    return redirect(safe_target(begun.next))


@pages.get("/sign-out/provider")
@access.allow_anyone
def leave() -> ResponseReturnValue:
    """Also at the provider, which else would let the next one at this computer in again."""
    provider = _provider()
    here = settings().public_url + url_for("account.sign_in")
    try:
        address = flow.way_out_for_good(provider, here, utc_now())
    except ProviderDown as error:
        return _refused(error)
    if not address:
        text = (
            f"Here you are signed out. {settings().oidc_name} offers no way to sign out there from here: do it there."
        )
        return errors.answer(errors.Problem(404, text))
    return redirect(address, 302)


def _provider() -> Provider:
    found = backend().provider
    if found is None:
        raise NotFound("There is no single sign-on here. Sign in with your e-mail address and password.")
    return found


def _callback() -> str:
    return settings().public_url + url_for("single_sign_on.back")


def _kept() -> list[dict[str, object]]:
    found = session.get(BEGUN)
    return found if isinstance(found, list) else []


def _taken(state: str) -> Begun:
    """The sign-in that `state` belongs to; it counts once. Raises SingleSignOnRefused."""
    rest, found = [], None
    for values in _kept():
        begun = Begun(**values)  # type: ignore[arg-type]  # our own cookie, signed
        if found is None and hmac.compare_digest(begun.state.encode(), state.encode("utf-8", "replace")):
            found = begun
        else:
            rest.append(values)
    session[BEGUN] = rest
    if found is None:
        text = "This sign-in was not begun in this browser, or was used already. Sign in once more."
        raise SingleSignOnRefused("unknown-state", text)
    return found


def _said(error: str) -> str:
    if error == "access_denied":
        return "You were not let in at the sign-in, or stopped it there. Sign in once more."
    known = error if error.isascii() and error.replace("_", "").isalnum() and len(error) <= 60 else "no reason"
    return f"The sign-in ended without saying who you are ({known}). Sign in once more."


def _refused(error: DomainError) -> ResponseReturnValue:
    """A clear page, and a line in the audit log."""
    reason = getattr(error, "detail_code", "")
    with backend().writing() as db:
        people.note_refusal(db, settings().oidc_issuer, reason, str(error))
    html = render_template("account/refused.html", error=error, reason=reason)
    return html, errors.status_of(error)
