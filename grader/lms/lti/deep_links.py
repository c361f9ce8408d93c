"""Deep linking: inside the platform an instructor chooses an assignment, and we answer with a link to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from grader.courses import queries as courses
from grader.db.base import new_id
from grader.db.models import Assignment, LtiDeployment, LtiRegistration
from grader.lms.lti import arrivals, names
from grader.lms.lti.addresses import Own, checked
from grader.lms.lti.arrivals import Arrival
from grader.lms.lti.errors import LaunchRefused

LIFETIME = timedelta(minutes=5)
TAG = "grade"  # of the line items that we ask for


@dataclass(frozen=True)
class Choice:
    """An assignment as the chooser shows it."""

    slug: str
    title: str
    max_score: float
    due_at: datetime | None
    published: bool
    assignment_id: str


def choices(session: Session, arrival: Arrival) -> list[Choice]:
    """The assignments of the course that the context is connected with; nothing where it is not."""
    _require(arrival)
    if arrival.context.course_id is None:
        return []
    found = courses.assignments_of(session, arrival.context.course_id, published_only=False)
    versions = courses.current_versions(session, [assignment.id for assignment in found])
    return [_choice(one, versions[one.id].max_score) for one in found if one.id in versions]


def return_url(arrival: Arrival) -> str:
    """Where the browser takes the answer. Raises InvalidPlatform, LaunchRefused."""
    url = arrivals.outcome_of(arrival.launch).return_url
    checked(url, "address that the choice is to be sent to")
    return url


def answer(
    registration: LtiRegistration, deployment: LtiDeployment, choice: Choice, data: str, own: Own, now: datetime
) -> dict[str, Any]:
    """The claims of the answer: one link, and the column of the gradebook that goes with it."""
    claims: dict[str, Any] = {
        "iss": registration.client_id,
        "aud": [registration.issuer],
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "nonce": new_id(),
        names.DEPLOYMENT_ID: deployment.deployment_id,
        names.MESSAGE_TYPE: names.DEEP_LINKING_RESPONSE,
        names.VERSION: names.LTI_VERSION,
        names.CONTENT_ITEMS: [item(choice, own)],
    }
    if data:
        claims[names.DEEP_LINKING_DATA] = data
    return claims


def item(choice: Choice, own: Own) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": names.RESOURCE_LINK_TYPE,
        "title": choice.title,
        "url": own.launch,
        "custom": {"assignment": choice.slug},
        "lineItem": {
            "label": choice.title,
            "scoreMaximum": choice.max_score,
            "resourceId": choice.assignment_id,
            "tag": TAG,
        },
    }
    if choice.due_at is not None:
        found["submission"] = {"endDateTime": choice.due_at.isoformat()}
    return found


def _choice(assignment: Assignment, max_score: float) -> Choice:
    return Choice(assignment.slug, assignment.title, max_score, assignment.due_at, assignment.published, assignment.id)


def _require(arrival: Arrival) -> None:
    if arrivals.outcome_of(arrival.launch).kind != names.DEEP_LINKING_REQUEST:
        raise LaunchRefused("message-type", "This launch asks for no choice. Open the link in your course once more.")
    if arrival.role is None or not arrival.role.is_staff:
        raise LaunchRefused("role", "Only the teaching staff of a course can choose what a link opens.")
