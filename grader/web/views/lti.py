"""Where learning platforms send people: login, launch, our keys. No form of ours comes here with a session."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from grader.db.models import LtiLaunch, LtiRegistration
from grader.jose.id_tokens import MOST_CHARACTERS
from grader.lms.lti import addresses, arrivals, keys, logins, queries
from grader.lms.lti.addresses import Own
from grader.lms.lti.arrivals import Arrival
from grader.lms.lti.errors import LaunchRefused
from grader.lms.lti.id_tokens import Message
from grader.lms.lti.logins import Login, LoginRequest
from grader.lms.lti.names import DEEP_LINKING_REQUEST
from grader.lms.lti.platform_keys import PlatformKeys
from grader.time import utc_now
from grader.web import access, limits
from grader.web.backend import backend, settings
from grader.web.lti_frames import FRAMES, framed, is_from_us, require_from_us
from grader.web.views import lti_choosing, lti_entering

pages = Blueprint("lti", __name__, url_prefix="/lti")
COOKIE = "grader-lti-"
MOST_BYTES = MOST_CHARACTERS + 64 * 1024
TOO_MANY = "There were too many launches that failed. Wait a minute, then open the link in your course once more."


def _failed(response: Response) -> bool:
    return response.status_code >= 400


# A lecture hall shares one address, so this only stops machines that try.
_failures = limits.limiter.limit("600 per minute", deduct_when=_failed, error_message=TOO_MANY)


def own() -> Own:
    return Own(settings().public_url)


@pages.route("/login", methods=["GET", "POST"])
@access.allow_anyone
@_failures
def login() -> ResponseReturnValue:
    """The platform says that somebody comes; the browser goes on to the platform, which says who."""
    values = request.values
    asked = LoginRequest(
        issuer=values.get("iss", ""), login_hint=values.get("login_hint", ""),
        target_url=values.get("target_link_uri", ""), client_id=values.get("client_id", ""),
        message_hint=values.get("lti_message_hint", ""),
    )  # fmt: skip
    try:
        with backend().writing() as session:
            begun = logins.begin(session, asked, own(), utc_now())
    except LaunchRefused as error:
        return refused(error)
    response = _on_the_way(begun) if _in_frame() else make_response(redirect(begun.url, 302))
    _set_cookie(response, begun.state, begun.browser, int(logins.LIFETIME.total_seconds()))
    return response


@pages.get("/cookie")
@access.allow_anyone
def cookie() -> ResponseReturnValue:
    """Whether this browser kept the cookie of a login: in a frame many do not."""
    return jsonify(kept=_cookie_name(request.args.get("state", "")) in request.cookies)


@pages.post("/launch")
@access.allow_anyone
@_failures
def launch() -> ResponseReturnValue:
    request.max_content_length = request.max_form_memory_size = MOST_BYTES
    try:
        state, token = request.form.get("state", ""), request.form.get("id_token", "")
    except RequestEntityTooLarge:
        return refused(LaunchRefused("too-large", "The message is far larger than any launch needs."), status=413)
    found: LtiLaunch | None = None
    try:
        with backend().reading() as session:
            found = logins.find(session, state, utc_now())
        if "error" in request.form:
            raise LaunchRefused("platform", "The platform did not say who you are. Sign in there, and open it again.")
        browser = request.cookies.get(_cookie_name(state)) or _from_storage()
        if not browser and not is_from_us():
            return _ask_browser(found, state, token)
        if not logins.same_browser(found, browser):
            raise LaunchRefused("browser", "This launch was begun in another browser. Open the link once more.")
        message = arrivals.verify(found, token, PlatformKeys(backend().lti.client, backend().writing), utc_now())
        return _arrived(found, message, state)
    except LaunchRefused as error:
        return refused(error, found.registration if found is not None else None)


@pages.get("/keys")
@access.allow_anyone
def key_set() -> ResponseReturnValue:
    with backend().writing() as session:
        found = keys.public_set(session, backend().lti.sealer, utc_now())
    response = jsonify(found)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@pages.post("/go")
@access.allow_anyone
@_failures
def go() -> ResponseReturnValue:
    """From the button in the frame, in a window of its own: there the service's cookie is kept."""
    try:
        require_from_us()
        with backend().writing() as session:
            arrival = arrivals.of_ticket(session, request.form.get("ticket", ""), utc_now())
            deep = arrivals.outcome_of(arrival.launch).kind == DEEP_LINKING_REQUEST
            if not deep:  # the chooser in the frame still needs its ticket
                queries.end_ticket(session, arrival.launch.id, arrival.launch.ticket_hash or "")
    except LaunchRefused as error:
        return refused(error)
    return lti_entering.enter(arrival)


def refused(error: LaunchRefused, registration: LtiRegistration | None = None, *, status: int = 403) -> Response:
    """A clear page, and an audit line where a platform that we know is concerned."""
    if registration is not None:
        with backend().writing() as session:
            arrivals.note_refusal(session, registration.id, error)
    html = render_template("lti/refused.html", error=error, platform=registration)
    return framed(html, registration.frame_origins if registration is not None else (), status=status)


def _arrived(found: LtiLaunch, message: Message, state: str) -> ResponseReturnValue:
    with backend().writing() as session:
        arrival = arrivals.arrive(session, found.id, message, utc_now())
        ticket = arrivals.give_ticket(arrival.launch, utc_now())
    response = make_response(_next_page(arrival, ticket, message))
    _set_cookie(response, state, "", 0)
    return response


def _next_page(arrival: Arrival, ticket: str, message: Message) -> ResponseReturnValue:
    registration = arrival.launch.registration
    if message.kind == DEEP_LINKING_REQUEST:
        return lti_choosing.chooser(arrival, ticket)
    in_frame = _in_frame(message.document_target)
    if in_frame or arrival.link is None:
        # Whoever is new comes in with a form of ours: the platform's carries no session of this browser.
        html = render_template("lti/open.html", ticket=ticket, platform=registration, in_frame=in_frame)
        return framed(html, registration.frame_origins)
    return lti_entering.enter(arrival)


def _on_the_way(begun: Login) -> Response:
    """In a frame, a browser may keep no cookie of ours: the platform's storage, or a new window, then help."""
    html = render_template(
        "lti/going.html", next=begun.url, key=_storage_key(begun.state), value=begun.browser,
        origin=addresses.origin(begun.registration.auth_url), platform=begun.registration,
        target=request.values.get("lti_storage_target", ""), check=url_for("lti.cookie", state=begun.state),
        again=url_for("lti.login"), values=[(k, v) for k, v in request.values.items() if len(v) < 5000][:20],
    )  # fmt: skip
    return framed(html, begun.registration.frame_origins, post_to=addresses.origin(begun.registration.auth_url))


def _ask_browser(found: LtiLaunch, state: str, token: str) -> Response:
    """A page of ours that sends the same once more: its form carries our cookie where the platform's did not, or what
    the platform's storage kept."""
    html = render_template(
        "lti/recall.html", state=state, token=token, key=_storage_key(state), platform=found.registration,
        origin=addresses.origin(found.registration.auth_url), target=request.form.get("lti_storage_target", ""),
        check=url_for("lti.cookie", state=state),
    )  # fmt: skip
    return framed(html, found.registration.frame_origins)


def _in_frame(document_target: str = "") -> bool:
    """Browsers say so themselves; an old one does not, and then the platform's word counts."""
    said = request.headers.get("Sec-Fetch-Dest")
    return said in FRAMES if said is not None else document_target in FRAMES


def _from_storage() -> str:
    """What our own page found in the platform's storage. Another site could only give us what it holds itself."""
    return request.form.get("browser", "") if is_from_us() else ""


def _storage_key(state: str) -> str:
    return f"grader_{logins.digest(state)[:16]}"


def _cookie_name(state: str) -> str:
    prefix = "__Host-" if settings().public_url.startswith("https://") else ""
    return f"{prefix}{COOKIE}{logins.digest(state)[:16]}"


def _set_cookie(response: Response, state: str, value: str, max_age: int) -> None:
    # The platform's form comes from another site, so the cookie must travel with it; that takes https.
    https = settings().public_url.startswith("https://")
    same_site = "None" if https else "Lax"
    response.set_cookie(
        _cookie_name(state), value, max_age=max_age, path="/", secure=https, httponly=True, samesite=same_site
    )
