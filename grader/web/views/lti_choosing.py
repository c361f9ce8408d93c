"""Deep linking, in a frame of the platform: a ticket says which launch a form belongs to, no cookie does."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.errors import DomainError
from grader.lms.lti import addresses, arrivals, deep_links, queries
from grader.lms.lti.addresses import Own
from grader.lms.lti.arrivals import Arrival
from grader.lms.lti.deep_links import Choice
from grader.lms.lti.errors import LaunchRefused
from grader.time import utc_now
from grader.web import access, errors
from grader.web.backend import backend, settings
from grader.web.lti_frames import framed, require_from_us

pages = Blueprint("lti_choosing", __name__, url_prefix="/lti/choose")


@pages.post("")
@access.allow_anyone
def again() -> ResponseReturnValue:
    """The chooser once more, after the course was connected in another window."""
    ticket = request.form.get("ticket", "")
    try:
        with backend().reading() as session:
            arrival = arrivals.of_ticket(session, ticket, utc_now())
        return chooser(arrival, ticket)
    except DomainError as error:
        return _refused(error)


@pages.post("/answer")
@access.allow_anyone
def answer() -> ResponseReturnValue:
    """The choice, signed, on its way to the platform. A ticket is good for one."""
    ticket, slug, now = request.form.get("ticket", ""), request.form.get("assignment", ""), utc_now()
    try:
        require_from_us()
        with backend().reading() as session:
            arrival = arrivals.of_ticket(session, ticket, now)
            chosen = [choice for choice in deep_links.choices(session, arrival) if choice.slug == slug]
        if not chosen:
            return chooser(arrival, ticket, "Choose one of the assignments.")
        url = deep_links.return_url(arrival)
        token = _signed(arrival, chosen[0])
        with backend().writing() as session:
            if not queries.end_ticket(session, arrival.launch.id, arrival.launch.ticket_hash or ""):
                raise LaunchRefused("replayed", "The choice was sent already. Begin again in your course.")
            by = Actor.of(arrival.link.user) if arrival.link is not None else arrivals.SYSTEM
            after = {"assignment": slug}
            audit.record(session, by, "lti.deep-linked", "lti_context", arrival.context.id, after=after)
    except DomainError as error:
        return _refused(error)
    registration = arrival.launch.registration
    html = render_template("lti/returning.html", url=url, token=token, choice=chosen[0], platform=registration)
    return framed(html, registration.frame_origins, post_to=addresses.origin(url))


def chooser(arrival: Arrival, ticket: str, problem: str = "") -> Response:
    """Raises LaunchRefused, InvalidPlatform."""
    deep_links.return_url(arrival)
    with backend().reading() as session:
        choices = deep_links.choices(session, arrival)
    registration = arrival.launch.registration
    html = render_template(
        "lti/chooser.html", arrival=arrival, ticket=ticket, choices=choices, platform=registration, problem=problem
    )
    return framed(html, registration.frame_origins, status=422 if problem else 200)


def _signed(arrival: Arrival, choice: Choice) -> str:
    data = arrivals.outcome_of(arrival.launch).data
    registration, deployment = arrival.launch.registration, arrival.context.deployment
    claims = deep_links.answer(registration, deployment, choice, data, Own(settings().public_url), utc_now())
    return backend().lti.signer.sign(claims)


def _refused(error: DomainError) -> Response:
    html = render_template("lti/refused.html", error=error, platform=None)
    return framed(html, (), status=errors.status_of(error))
