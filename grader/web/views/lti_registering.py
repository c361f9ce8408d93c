"""Dynamic registration: the platform's administrator opens our one-time address inside the platform."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from grader.errors import DomainError
from grader.lms.lti import addresses, platforms, registering
from grader.lms.lti.addresses import Own
from grader.lms.lti.errors import InvalidPlatform
from grader.time import utc_now
from grader.web import access, errors
from grader.web.backend import backend, settings
from grader.web.lti_frames import framed

pages = Blueprint("lti_registering", __name__, url_prefix="/lti/register")


@pages.get("/<token>")
@access.allow_anyone
def look(token: str) -> ResponseReturnValue:
    """What will happen, and a button: opening an address changes nothing."""
    config, registration_token = (
        request.args.get("openid_configuration", ""),
        request.args.get("registration_token", ""),
    )
    try:
        with backend().reading() as session:
            invitation = registering.find(session, token, utc_now())
        origin = addresses.origin(config)
    except DomainError as error:
        return _failed(error, config)
    html = render_template(
        "lti/register.html", invitation=invitation, origin=origin, config=config, registration_token=registration_token
    )
    return framed(html, (origin,))


@pages.post("/<token>")
@access.allow_anyone
def agree(token: str) -> ResponseReturnValue:
    parts, own = backend(), Own(settings().public_url)
    config = request.form.get("openid_configuration", "")
    try:
        with parts.reading() as session:
            invitation = registering.find(session, token, utc_now())
        offer = registering.look(parts.lti.client, config)
        rules = parts.lti.client.rules
        platforms.check(registering.description(invitation.name, offer, "not known yet"), rules)
        agreed = registering.register(parts.lti.client, offer, request.form.get("registration_token", ""), own)
        with parts.writing() as session:
            invitation = registering.find(session, token, utc_now())  # of two at once, one goes on
            row = registering.keep(session, invitation, offer, agreed, now=utc_now())
    except DomainError as error:
        return _failed(error, config)
    html = render_template("lti/registered.html", platform=row, deployment=agreed.deployment_id)
    return framed(html, row.frame_origins)


def _failed(error: DomainError, config: str) -> Response:
    html = render_template("lti/refused.html", error=error, platform=None)
    try:
        origins: tuple[str, ...] = (addresses.origin(config),)
    except InvalidPlatform:
        origins = ()
    return framed(html, origins, status=errors.status_of(error))
