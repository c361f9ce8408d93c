"""Learning platforms, for administrators of the service: add, admit, change, switch off; our keys."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from grader.audit.service import Actor
from grader.db.models import LtiRegistration
from grader.errors import DomainError
from grader.lms.lti import keys, platforms, queries, registering
from grader.lms.lti.addresses import Own
from grader.lms.lti.platforms import Description
from grader.time import utc_now
from grader.web import access, errors
from grader.web.backend import backend, settings

pages = Blueprint("lti_admin", __name__, url_prefix="/admin/lti")
FIELDS = ("name", "issuer", "client_id", "auth_url", "token_url", "jwks_url", "token_audience")


@pages.get("")
@access.allow(access.administrator)
def listed() -> ResponseReturnValue:
    return _list_page()


@pages.post("/invite")
@access.allow(access.administrator)
def invite() -> ResponseReturnValue:
    name = request.form.get("name", "")
    try:
        with backend().writing() as session:
            token = registering.invite(session, name=name, by=_actor(), now=utc_now())
    except DomainError as error:
        return _list_page(problem=str(error)), errors.status_of(error)
    address = Own(settings().public_url).invitation(token)
    return render_template("lti/invited.html", name=name, address=address)


@pages.post("")
@access.allow(access.administrator)
def add() -> ResponseReturnValue:
    typed = _typed()
    deployments = request.form.get("deployment", "").split()
    try:
        platforms.check(typed, backend().lti.client.rules)  # may take seconds: before the transaction
        with backend().writing() as session:
            row = platforms.add(session, typed, deployments=deployments, by=_actor(), now=utc_now())
    except DomainError as error:
        return _list_page(typed, str(error)), errors.status_of(error)
    flash("The platform is registered.", "success")
    return redirect(url_for("lti_admin.one", registration_id=row.id), 303)


@pages.get("/<registration_id>")
@access.allow(access.administrator)
def one(registration_id: str) -> ResponseReturnValue:
    return _one_page(registration_id)


@pages.post("/<registration_id>")
@access.allow(access.administrator)
def change(registration_id: str) -> ResponseReturnValue:
    with backend().reading() as session:
        row = found_platform(session, registration_id)
    typed = _typed(row)
    try:
        platforms.check(typed, backend().lti.client.rules)
        with backend().writing() as session:
            platforms.change(session, found_platform(session, registration_id), typed, by=_actor())
    except DomainError as error:
        return _one_page(registration_id, str(error)), errors.status_of(error)
    return _back(registration_id, "The changes are saved.")


@pages.post("/<registration_id>/deployments")
@access.allow(access.administrator)
def admit(registration_id: str) -> ResponseReturnValue:
    try:
        with backend().writing() as session:
            row = found_platform(session, registration_id)
            platforms.admit(session, row, request.form.get("deployment", ""), by=_actor())
    except DomainError as error:
        return _one_page(registration_id, str(error)), errors.status_of(error)
    return _back(registration_id, "Launches from this deployment are let in.")


@pages.post("/<registration_id>/<any(enable, disable):what>")
@access.allow(access.administrator)
def switch(registration_id: str, what: str) -> ResponseReturnValue:
    with backend().writing() as session:
        platforms.switch(
            session, found_platform(session, registration_id), on=what == "enable", by=_actor(), now=utc_now()
        )
    return _back(registration_id, f"The platform is {what}d.")


@pages.post("/keys")
@access.allow(access.administrator)
def rotate() -> ResponseReturnValue:
    leaked = request.form.get("leaked") == "yes"
    with backend().writing() as session:
        keys.rotate(session, backend().lti.sealer, leaked=leaked, by=_actor(), now=utc_now())
    text = "The new key signs from now on." if leaked else "The new key is published, and signs in an hour."
    flash(text, "success")
    return redirect(url_for("lti_admin.listed"), 303)


def _typed(row: LtiRegistration | None = None) -> Description:
    """What the form says; issuer and client id of a platform that is there stay."""
    values = {key: request.form.get(key, "").strip() for key in FIELDS}
    if row is not None:
        values |= {"issuer": row.issuer, "client_id": row.client_id}
    return Description(**values, frame_origins=tuple(request.form.get("frame_origins", "").split()))


def _list_page(typed: Description | None = None, problem: str = "") -> str:
    with backend().reading() as session:
        found, waiting = queries.registrations(session), queries.open_invitations(session, utc_now())
        published = queries.published_keys(session, utc_now() - keys.TRAIL)
    return render_template(
        "lti/platforms.html", found=found, waiting=waiting, published=published, typed=typed, problem=problem,
        own=Own(settings().public_url),
    )  # fmt: skip


def _one_page(registration_id: str, problem: str = "") -> str:
    with backend().reading() as session:
        row = found_platform(session, registration_id)
        refusals = queries.refusals(session, row.id)
        linked = queries.contexts_of_registration(session, row.id)
    return render_template("lti/platform.html", row=row, refusals=refusals, linked=linked, problem=problem)


def found_platform(session: Session, registration_id: str) -> LtiRegistration:
    row = queries.registration(session, registration_id)
    if row is None:
        raise NotFound("There is no such platform.")
    return row


def _back(registration_id: str, text: str) -> ResponseReturnValue:
    flash(text, "success")
    return redirect(url_for("lti_admin.one", registration_id=registration_id), 303)


def _actor() -> Actor:
    return Actor.of(access.caller_user())
