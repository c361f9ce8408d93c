"""After a launch, in a window of its own: who are you here, which course is this, and on to the work."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session, joinedload

from grader.accounts import service as accounts
from grader.accounts.errors import SignInFailed
from grader.courses import queries as courses
from grader.db.models import LtiLaunch, LtiUserLink, Role, User
from grader.errors import DomainError
from grader.lms.lti import arrivals, contexts, people
from grader.lms.lti.arrivals import Arrival
from grader.lms.lti.errors import LaunchRefused
from grader.time import utc_now
from grader.web import access, errors, limits
from grader.web.backend import backend
from grader.web.identity import session_caller
from grader.web.signing_in import sign_in_as

pages = Blueprint("lti_entering", __name__, url_prefix="/lti")
LAUNCH = "lti_launch"  # in the session: the launch that this browser goes on with


def enter(arrival: Arrival) -> ResponseReturnValue:
    """Let somebody in who was let in by a platform; whoever is new is asked first."""
    if arrival.link is None:
        session[LAUNCH] = arrival.launch.id
        return redirect(url_for("lti_entering.welcome"), 303)
    sign_in_as(arrival.link.user)
    session[LAUNCH] = arrival.launch.id
    return redirect(_destination(arrival, arrival.link), 303)


@pages.get("/welcome")
@access.allow_anyone
def welcome() -> ResponseReturnValue:
    with backend().reading() as db:
        arrival = _current(db)
    return _on(arrival) if arrival.link is not None else _welcome_page(arrival)


@pages.post("/welcome")
@access.allow_anyone
@limits.sign_in_limits
def welcome_send() -> ResponseReturnValue:
    """The first visit: a new account, the one that is signed in here, or one that its password opens."""
    with backend().reading() as db:
        arrival = _current(db)
    if arrival.link is not None:
        return _on(arrival)
    try:
        user = _chosen_user(request.form.get("who", ""))
        with backend().writing() as db:
            arrival = _settle(db, _current(db), user)
    except SignInFailed as error:
        return _welcome_page(arrival, str(error)), 401
    except DomainError as error:
        return _welcome_page(arrival, str(error)), errors.status_of(error)
    return enter(arrival)


@pages.get("/connect")
@access.allow(access.signed_in)
def connect() -> ResponseReturnValue:
    with backend().reading() as db:
        arrival = _current(db)
        choices = contexts.choices(db, access.caller_user())
    return _connect_page(arrival, choices)


@pages.post("/connect")
@access.allow(access.signed_in)
def connect_send() -> ResponseReturnValue:
    user, slug, title = access.caller_user(), request.form.get("course", ""), request.form.get("title", "")
    try:
        with backend().writing() as db:
            arrival = _current(db)
            if slug:
                course = contexts.link_existing(db, arrival, slug, user=user, now=utc_now())
            else:
                course = contexts.link_new(db, arrival, title, user=user, now=utc_now())
    except LaunchRefused:
        raise
    except DomainError as error:
        with backend().reading() as db:
            return _connect_page(_current(db), contexts.choices(db, user), str(error)), errors.status_of(error)
    flash("The course is connected. Links in the learning platform now lead here.", "success")
    return redirect(url_for("lti_course.page", course_slug=course.slug), 303)


def _chosen_user(who: str) -> User | None:
    """None: a new account. Raises SignInFailed."""
    caller = session_caller()
    if who == "me" and caller is not None:
        return caller.user
    if who == "known":
        with backend().reading() as db:
            email, password = request.form.get("email", ""), request.form.get("password", "")
            return accounts.authenticate(db, email=email, password=password)
    return None


def _settle(db: Session, arrival: Arrival, user: User | None) -> Arrival:
    """Connect the person of the launch with an account, and do what the launch would have done."""
    outcome, registration_id, now = arrivals.outcome_of(arrival.launch), arrival.launch.registration_id, utc_now()
    if arrival.link is not None:
        return arrival
    if user is None:
        link = people.new_account(
            db, registration_id=registration_id, sub=outcome.sub, name=outcome.name, email=outcome.email,
            by=arrivals.SYSTEM, now=now,
        )  # fmt: skip
    else:
        account = db.get_one(User, user.id)
        link = people.connect(
            db, account, registration_id=registration_id, sub=outcome.sub, email=outcome.email,
            by=arrivals.SYSTEM, now=now,
        )  # fmt: skip
    arrivals.settle(db, link, arrival.context, arrival.role, outcome.name, outcome.email, now)
    db.flush()
    return arrivals.of_launch(db, arrival.launch)


def _current(db: Session) -> Arrival:
    """The launch that this browser goes on with. Raises LaunchRefused."""
    launch = db.get(LtiLaunch, session.get(LAUNCH, ""), options=[joinedload(LtiLaunch.registration)])
    if launch is None or launch.ticket_until is None or launch.ticket_until <= utc_now():
        raise LaunchRefused("expired", "This page has been open for too long. Open the link in your course once more.")
    return arrivals.of_launch(db, launch)


def _on(arrival: Arrival) -> ResponseReturnValue:
    """Somebody who comes back to a page that is done with: the person of the launch goes on, nobody else."""
    caller = session_caller()
    if caller is None or arrival.link is None or caller.user.id != arrival.link.user_id:
        raise LaunchRefused("used", "This launch was used already. Open the link in your course once more.")
    return redirect(_destination(arrival, arrival.link), 303)


def _destination(arrival: Arrival, link: LtiUserLink) -> str:
    """Raises LaunchRefused for whom there is nothing here."""
    course = arrival.context.course
    if course is None:
        if arrival.role is Role.INSTRUCTOR:
            return url_for("lti_entering.connect")
        raise LaunchRefused(
            "not-connected", "Your course is not connected yet. An instructor has to open this link once, first."
        )
    with backend().reading() as db:
        role = courses.role_of(db, user_id=link.user_id, course_id=course.id)
    if role is None:
        raise LaunchRefused("role", "The platform gives you no role in this course, so there is nothing to show.")
    if arrival.assignment is not None:
        return url_for("student.assignment", course_slug=course.slug, slug=arrival.assignment.slug)
    return url_for("dashboard.course", course_slug=course.slug) if role.is_staff else url_for("student.home")


def _welcome_page(arrival: Arrival, problem: str = "") -> str:
    caller = session_caller()
    return render_template(
        "lti/welcome.html", platform=arrival.launch.registration, outcome=arrivals.outcome_of(arrival.launch),
        context=arrival.context, me=caller.user if caller is not None else None, problem=problem,
        email=request.form.get("email", ""), who=request.form.get("who", ""),
    )  # fmt: skip


def _connect_page(arrival: Arrival, choices: object, problem: str = "") -> str:
    return render_template(
        "lti/connect.html", platform=arrival.launch.registration, context=arrival.context, choices=choices,
        problem=problem, title=request.form.get("title", arrival.context.title), role=arrival.role,
    )  # fmt: skip
