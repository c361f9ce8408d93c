"""The second half of a launch: a verified message becomes rows, and a ticket for the step that follows."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session, joinedload

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.base import new_id
from grader.db.models import (
    Assignment,
    LtiContext,
    LtiDeployment,
    LtiLaunch,
    LtiResourceLink,
    LtiUserLink,
    Role,
)
from grader.lms.lti import id_tokens, logins, names, people, queries, roles
from grader.lms.lti.errors import LaunchRefused
from grader.lms.lti.id_tokens import Expected, Message
from grader.lms.lti.platform_keys import PlatformKeys

TICKET = timedelta(minutes=30)
MOST_TITLE = 300
SYSTEM = Actor.system("lti")


@dataclass(frozen=True)
class Arrival:
    """Where somebody stands after a launch. `role` is what the platform says; None: nothing in this course."""

    launch: LtiLaunch
    context: LtiContext
    link: LtiUserLink | None  # None: never seen before; see `Outcome`
    role: Role | None
    assignment: Assignment | None


@dataclass(frozen=True)
class Outcome:
    """What the launch's row keeps for the steps after it."""

    kind: str
    context_id: str
    sub: str
    name: str
    email: str
    role: str
    resource_link_id: str = ""
    return_url: str = ""
    data: str = ""

    def row(self) -> dict[str, Any]:
        return dict(vars(self))


def verify(launch: LtiLaunch, token: str, keys: PlatformKeys, now: datetime) -> Message:
    """Slow: may fetch keys; hold no session. Raises LaunchRefused."""
    kid = id_tokens.key_name(token)
    expected = Expected(
        issuer=launch.registration.issuer,
        client_id=launch.registration.client_id,
        target_url=launch.target_url,
        begun_at=launch.created_at,
        nonce_is_ours=logins.nonce_check(launch),
    )
    return id_tokens.read(token, keys.find(launch.registration, kid), expected, now)


def arrive(session: Session, launch_id: str, message: Message, now: datetime) -> Arrival:
    """Use the launch up and note all that it says. Raises LaunchRefused; then nothing is kept."""
    launch = session.get(LtiLaunch, launch_id, options=[joinedload(LtiLaunch.registration)])
    if launch is None or not queries.use_state(session, launch_id, now):
        raise LaunchRefused("replayed", "This launch was used already. Open the link in your course once more.")
    deployment = queries.deployment(session, launch.registration_id, message.deployment_id)
    if deployment is None:
        raise LaunchRefused(
            "deployment",
            f"The deployment {message.deployment_id!r} of this platform was not admitted. "
            "An administrator of the grader can admit it on the platform's page.",
        )
    context = _context(session, deployment, message, now)
    resource_link = _resource_link(session, context, message)
    role = roles.course_role(message.roles)
    link = queries.user_link(session, launch.registration_id, message.sub)
    if link is None and role is None:  # before anybody is asked: no account is made for whom there is nothing here
        raise LaunchRefused("role", "The platform gives you no role in this course, so there is nothing to show.")
    if link is not None:
        settle(session, link, context, role, message.name, message.email, now)
    launch.outcome = Outcome(
        kind=message.kind, context_id=context.id, sub=message.sub, name=message.name, email=message.email,
        role=role.value if role is not None else "",
        resource_link_id=resource_link.id if resource_link is not None else "",
        return_url=str(message.deep_linking.get("deep_link_return_url") or ""),
        data=_text(message.deep_linking.get("data"), 20_000),
    ).row()  # fmt: skip
    session.flush()
    return of_launch(session, launch)


def settle(
    session: Session,
    link: LtiUserLink,
    context: LtiContext,
    role: Role | None,
    name: str,
    email: str,
    now: datetime,
) -> None:
    """Note a visit; whoever has a role in a context that is linked becomes a member of its course."""
    if not link.user.active:
        raise LaunchRefused("inactive", "Your account here was closed. Ask the staff of your course.")
    link.seen_at = now
    people.note(link, name=name, email=email)
    if role is not None and context.course is not None:
        people.enrol(session, user=link.user, course=context.course, role=role, by=SYSTEM)


def give_ticket(launch: LtiLaunch, now: datetime) -> str:
    """What the next page shows to say which launch it goes on with."""
    ticket = secrets.token_urlsafe(24)
    launch.ticket_hash, launch.ticket_until = logins.digest(ticket), now + TICKET
    return ticket


def of_ticket(session: Session, ticket: str, now: datetime) -> Arrival:
    """Raises LaunchRefused."""
    found = queries.launch_of_ticket(session, logins.digest(ticket), now)
    if found is None or found.registration.disabled_at is not None:
        text = "This page was used already, or has been open for too long. Open the link in your course once more."
        raise LaunchRefused("ended", text)
    return of_launch(session, found)


def of_launch(session: Session, launch: LtiLaunch) -> Arrival:
    outcome = outcome_of(launch)
    context = queries.context_by_id(session, outcome.context_id)
    if context is None:
        raise LaunchRefused("unknown-state", "This launch is not known any more. Open the link in your course again.")
    link = queries.user_link(session, launch.registration_id, outcome.sub)
    resource_link = session.get(LtiResourceLink, outcome.resource_link_id) if outcome.resource_link_id else None
    assignment = resource_link.assignment if resource_link is not None else None
    return Arrival(launch, context, link, Role(outcome.role) if outcome.role else None, assignment)


def outcome_of(launch: LtiLaunch) -> Outcome:
    if launch.outcome is None:
        raise LaunchRefused("unknown-state", "This launch did not end. Open the link in your course once more.")
    return Outcome(**launch.outcome)


def note_refusal(session: Session, registration_id: str, error: LaunchRefused) -> None:
    """The audit line of a refusal. It holds the reason and nothing of the message."""
    after = {"reason": error.detail_code, "text": str(error)}
    audit.record(session, SYSTEM, "lti.refused", "lti_registration", registration_id, after=after)


def _context(session: Session, deployment: LtiDeployment, message: Message, now: datetime) -> LtiContext:
    row = queries.context(session, deployment.id, message.context["id"])
    if row is None:
        row = LtiContext(
            id=new_id(), deployment_id=deployment.id, context_id=message.context["id"], grade_scopes=[], created_at=now
        )
        session.add(row)
        session.flush()
    row.title = _text(message.context.get("title") or message.context.get("label"), MOST_TITLE) or row.title
    row.memberships_url = message.memberships_url or row.memberships_url
    if message.grades:
        scopes = message.grades.get("scope")
        row.grade_scopes = [s for s in scopes if isinstance(s, str)][:20] if isinstance(scopes, list) else []
        row.line_items_url = _text(message.grades.get("lineitems"), 2000) or row.line_items_url
    return row


def _resource_link(session: Session, context: LtiContext, message: Message) -> LtiResourceLink | None:
    """The link that was opened, and what it opens: the assignment that its custom parameter names."""
    if message.kind != names.RESOURCE_LINK_REQUEST:
        return None
    name = message.resource_link["id"]
    row = queries.resource_link(session, context.id, name)
    if row is None:
        row = LtiResourceLink(id=new_id(), context_id=context.id, resource_link_id=name)
        session.add(row)
        session.flush()
    row.title = _text(message.resource_link.get("title"), MOST_TITLE)
    row.line_item_url = _text(message.grades.get("lineitem"), 2000) or row.line_item_url
    slug = message.custom.get("assignment")
    if context.course_id is not None and isinstance(slug, str) and slug.isprintable():
        row.assignment = courses.assignment_in_course(session, course_id=context.course_id, slug=slug)
    session.flush()
    return row


def _text(value: Any, most: int) -> str:
    return value if isinstance(value, str) and len(value) <= most else ""
